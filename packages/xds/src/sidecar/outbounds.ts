import { TAG_MESH, TAG_SERVICE } from '@mesh/core';
import type { Tags } from '@mesh/resources';
import { isIp } from '../model/addresses.js';
import { hostPort, outboundListenerName } from '../model/names.js';
import { withoutTags } from '../model/tags.js';
import type { SidecarScope } from './input.js';

/** A local address through which the application reaches a service. */
export interface OutboundInterface {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly service: string;
  readonly tags: Tags;
  /** The listener opens its port; else transparent proxying hands connections over. */
  readonly bindToPort: boolean;
}

const PORT_MAX = 65_535;

/**
 * Outbounds of a sidecar: those it declares, and the VIPs of all services it may reach where
 * something brings their traffic to Envoy (contract/dataplane.md §3.5, §5).
 */
export function outboundsOf(scope: SidecarScope): readonly OutboundInterface[] {
  const sources = { inputs: [scope.proxy, scope.metadata], context: scope.context };
  return scope.memory.reuse('outbounds', sources, () => findOutbounds(scope));
}

function findOutbounds(scope: SidecarScope): readonly OutboundInterface[] {
  const own = new Set(scope.proxy.inbounds.map((inbound) => hostPort(inbound.address, inbound.port)));
  const found = new Map<string, OutboundInterface>();
  const add = (address: string, port: number, tags: Tags): void => {
    const name = outboundListenerName(address, port);
    const service = tags[TAG_SERVICE] ?? '';
    if (service === '' || port < 1 || port > PORT_MAX || !isIp(address) || own.has(hostPort(address, port)) || found.has(name)) return;
    const bindToPort = scope.bindOutbounds || !scope.transparentProxy?.outboundEnabled;
    found.set(name, { name, address, port, service, tags: withoutTags(tags, TAG_MESH), bindToPort });
  };
  for (const outbound of scope.dataplane.spec.networking?.outbound ?? []) {
    add(outbound.address || '127.0.0.1', outbound.port ?? 0, outbound.tags ?? {});
  }
  if (scope.bindOutbounds || scope.transparentProxy?.outboundEnabled) addVips(scope, add);
  return [...found.values()];
}

function addVips(scope: SidecarScope, add: (address: string, port: number, tags: Tags) => void): void {
  const reachable = scope.dataplane.spec.networking?.transparentProxying?.reachableServices ?? [];
  const mayReach = (service: string): boolean => reachable.length === 0 || reachable.includes('*') || reachable.includes(service);
  for (const vip of scope.context.vips) {
    if (vip.isHostAddress && scope.bindOutbounds) continue;
    for (const outbound of vip.outbounds) {
      if (!mayReach(outbound.tags[TAG_SERVICE] ?? '')) continue;
      if (!vip.isHostAddress) add(vip.address, vip.port, outbound.tags);
      if (outbound.port > 0) add(vip.address, outbound.port, outbound.tags);
    }
  }
}
