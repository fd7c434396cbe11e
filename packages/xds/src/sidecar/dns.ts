import { create } from '@bufbuild/protobuf';
import { SocketAddress_Protocol } from '@mesh/proto/envoy/config/core/v3/address_pb.js';
import { TrafficDirection } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import { DnsFilterConfigSchema } from '@mesh/proto/envoy/extensions/filters/udp/dns_filter/v3/dns_filter_pb.js';
import ipaddr from 'ipaddr.js';
import { dynamicConfigListener } from '../build/dynamic-config.js';
import { durationOf, named } from '../build/messages.js';
import { FEATURE_EMBEDDED_DNS } from '../model/node-metadata.js';
import { encodeResource } from '../snapshot/encode.js';
import type { ResourceCollector } from './collector.js';
import type { SidecarScope } from './input.js';
import { outboundsOf } from './outbounds.js';

const NAME = 'kuma:dns';
const TTL_MS = 30_000;

/**
 * The names of the VIPs this proxy has outbounds for: to kuma-dp, where it answers DNS by itself, else to Envoy's own DNS
 * under transparent proxying (contract/dataplane.md §3.4, §1.5).
 */
export function addDns(collector: ResourceCollector, scope: SidecarScope): void {
  const { features, workdir } = scope.metadata;
  if (features.has(FEATURE_EMBEDDED_DNS)) {
    if (workdir !== '' && (scope.bindOutbounds || scope.transparentProxy?.outboundEnabled)) addNamesForKumaDp(collector, scope);
  } else addEnvoyDns(collector, scope);
}

function addNamesForKumaDp(collector: ResourceCollector, scope: SidecarScope): void {
  const records = namesOf(scope).map(([name, vip]) => ({ name, ips: answersOf(vip, scope) }));
  const extraLabels = { kuma_io_zone: scope.context.zone, mesh: scope.context.name };
  const body = JSON.stringify({ records, ttl: TTL_MS / 1000, extraLabels });
  const listener = dynamicConfigListener(scope.metadata.workdir, [{ path: '/dns', body }]);
  collector.addListener(encodeResource(ListenerSchema, listener.name, listener));
}

function addEnvoyDns(collector: ResourceCollector, scope: SidecarScope): void {
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
  return namesOf(scope).map(([name, vip]) => ({
    name,
    answerTtl: durationOf(TTL_MS),
    endpoint: { endpointConfig: { case: 'addressList' as const, value: { address: answersOf(vip, scope) } } },
  }));
}

/** Names and their VIPs, in order. */
function namesOf(scope: SidecarScope): [name: string, vip: string][] {
  const served = new Set(outboundsOf(scope).map((outbound) => outbound.address));
  const addresses = new Map<string, string>();
  for (const vip of scope.context.vips) {
    if (served.has(vip.address)) for (const hostname of vip.hostnames) addresses.set(hostname, vip.address);
  }
  return [...addresses].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The VIP, and the same as IPv6 where the proxy is reached by IPv6. */
function answersOf(vip: string, scope: SidecarScope): string[] {
  const parsed = ipaddr.parse(vip);
  if (!scope.transparentProxy?.ipv6 || !(parsed instanceof ipaddr.IPv4)) return [vip];
  return [vip, parsed.toIPv4MappedAddress().toString()];
}
