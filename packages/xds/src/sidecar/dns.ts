import { create } from '@bufbuild/protobuf';
import { SocketAddress_Protocol } from '@mesh/proto/envoy/config/core/v3/address_pb.js';
import { TrafficDirection } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import { DnsFilterConfigSchema } from '@mesh/proto/envoy/extensions/filters/udp/dns_filter/v3/dns_filter_pb.js';
import ipaddr from 'ipaddr.js';
import { durationOf, named } from '../build/messages.js';
import { encodeResource } from '../snapshot/encode.js';
import type { ResourceCollector } from './collector.js';
import type { SidecarScope } from './input.js';
import { outboundsOf } from './outbounds.js';

const NAME = 'kuma:dns';
const TTL_MS = 30_000;

/** Envoy's own DNS under transparent proxying: answers the names of the VIPs this proxy has outbounds for (contract/dataplane.md §3.4). */
export function addDns(collector: ResourceCollector, scope: SidecarScope): void {
  const port = scope.metadata.dnsPort;
  if (port === undefined || !scope.transparentProxy?.outboundEnabled || scope.bindOutbounds) return;
  const config = create(DnsFilterConfigSchema, {
    statPrefix: 'kuma_dns',
    serverConfig: { configSource: { case: 'inlineDnsTable', value: { virtualDomains: domainsOf(scope) } } },
  });
  const filter = named('envoy.filters.udp.dns_filter', DnsFilterConfigSchema, config);
  const address = {
    address: '127.0.0.1',
    portSpecifier: { case: 'portValue' as const, value: port },
    protocol: SocketAddress_Protocol.UDP,
  };
  const listener = create(ListenerSchema, {
    name: NAME,
    address: { address: { case: 'socketAddress', value: address } },
    listenerFilters: [{ name: filter.name, configType: { case: 'typedConfig', value: filter.config } }],
    trafficDirection: TrafficDirection.INBOUND,
    enableReusePort: true,
  });
  collector.addListener(encodeResource(ListenerSchema, NAME, listener));
}

function domainsOf(scope: SidecarScope) {
  const served = new Set(outboundsOf(scope).map((outbound) => outbound.address));
  const addresses = new Map<string, string>();
  for (const vip of scope.context.vips) {
    if (served.has(vip.address)) for (const hostname of vip.hostnames) addresses.set(hostname, vip.address);
  }
  return [...addresses.keys()].sort().map((name) => ({
    name,
    answerTtl: durationOf(TTL_MS),
    endpoint: { endpointConfig: { case: 'addressList' as const, value: { address: answersOf(addresses.get(name) ?? '', scope) } } },
  }));
}

/** The VIP, and the same as IPv6 where the proxy is reached by IPv6. */
function answersOf(vip: string, scope: SidecarScope): string[] {
  const parsed = ipaddr.parse(vip);
  if (!scope.transparentProxy?.ipv6 || !(parsed instanceof ipaddr.IPv4)) return [vip];
  return [vip, parsed.toIPv4MappedAddress().toString()];
}
