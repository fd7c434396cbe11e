import { TAG_PROTOCOL, type Violations } from '@mesh/core';
import type { DataplaneGateway, DataplaneListener, DataplaneNetworking, DataplaneProbes, DataplaneSpec } from '../specs/index.js';
import { checkAddress, checkPort, checkServiceTag, checkTagCharacters } from '../validation/index.js';
import { checkInbounds } from './validate-inbound.js';
import { checkOutbounds, checkReachableBackends } from './validate-outbound.js';

/** Rules of contract/rest-api.md §8 for a Dataplane, in the order Kuma reports them. */
export function validateDataplane(spec: DataplaneSpec, violations: Violations): void {
  const { networking } = spec;
  const at = violations.field('networking');
  if (networking === undefined) {
    at.add('must be defined');
    return;
  }
  if (networking.gateway) {
    checkGateway(networking.gateway, spec, at);
    checkAddress(networking.address, at.field('address'));
    checkOutbounds(networking.outbound ?? [], at.field('outbound'));
  } else {
    checkAdminPort(networking, at.field('admin').field('port'));
    checkAddress(networking.address, at.field('address'));
    checkInbounds(networking, at.field('inbound'));
    checkOutbounds(networking.outbound ?? [], at.field('outbound'));
    // The path is spelled like this on the wire.
    checkReachableBackends(networking.transparentProxying, at.field('transparentProxing').field('reachableBackends').field('refs'));
    if (spec.probes) checkProbes(spec.probes, violations.field('probes'));
  }
  if (spec.metrics && spec.metrics.type !== 'prometheus') {
    violations.field('metrics').field('type').add('unknown backend type. Available backends: "prometheus"');
  }
  if (!networking.gateway) checkListeners(networking, at.field('listeners'));
}

function checkAdminPort(networking: DataplaneNetworking, at: Violations): void {
  const port = networking.admin?.port;
  if (port === undefined) return;
  const onLoopback = (address: string | undefined) => (address || networking.address) === '127.0.0.1';
  if (networking.inbound?.some((inbound) => inbound.port === port && onLoopback(inbound.address))) at.add('must differ from inbound');
  const outbounds = networking.outbound ?? [];
  if (outbounds.some((outbound) => outbound.port === port && (outbound.address || '127.0.0.1') === '127.0.0.1'))
    at.add('must differ from outbound');
}

function checkGateway(gateway: DataplaneGateway, spec: DataplaneSpec, at: Violations): void {
  const builtin = gateway.type === 'BUILTIN';
  const forbidden = builtin ? (['inbound', 'outbound', 'listeners'] as const) : (['inbound', 'listeners'] as const);
  for (const field of forbidden) {
    if (spec.networking?.[field]?.length)
      at.field(field).add(`${field} cannot be defined for ${builtin ? 'builtin' : 'delegated'} gateways`);
  }
  if (builtin && spec.probes) at.field('probes').add('probes cannot be defined for builtin gateways');
  const tags = at.field('gateway').field('tags');
  const protocol = gateway.tags?.[TAG_PROTOCOL];
  if (protocol !== undefined && protocol !== 'tcp') {
    tags.key(TAG_PROTOCOL).add(`other values than tcp are not allowed, provided value "${protocol}"`);
  }
  checkTagCharacters(gateway.tags ?? {}, tags);
  checkServiceTag(gateway.tags, tags);
}

function checkProbes(probes: DataplaneProbes, at: Violations): void {
  checkPort(probes.port, at.field('port'));
  probes.endpoints?.forEach((endpoint, i) => {
    const here = at.field('endpoints').index(i);
    checkPort(endpoint.inboundPort, here.field('inboundPort'));
    if (!isUrlPath(endpoint.inboundPath)) here.field('inboundPath').add('should be a valid URL Path');
    if (!isUrlPath(endpoint.path)) here.field('path').add('should be a valid URL Path');
  });
}

function isUrlPath(path: string | undefined): boolean {
  return path !== undefined && path !== '' && !/[\s?#]/.test(path) && !/%(?![0-9a-fA-F]{2})/.test(path);
}

function checkListeners(networking: DataplaneNetworking, at: Violations): void {
  const inbounds = networking.inbound ?? [];
  const names = new Set(inbounds.map((inbound) => inbound.name ?? ''));
  const taken = new Set(inbounds.map((inbound) => `${inbound.address || networking.address}:${inbound.port}`));
  const used = new Set<string>();
  networking.listeners?.forEach((listener, i) => {
    const here = at.index(i);
    checkListener(listener, here);
    const { name = '' } = listener;
    if (name !== '' && names.has(name)) here.field('name').add(`name "${name}" must be unique across inbounds and listeners`);
    names.add(name);
    const where = `${listener.address}:${listener.port}`;
    if (taken.has(where)) here.add(`address:port ${where} collides with an inbound listener`);
    else if (used.has(where)) here.add(`address:port ${where} is already used by another listener`);
    used.add(where);
  });
}

function checkListener(listener: DataplaneListener, at: Violations): void {
  if (listener.type === undefined || listener.type === 'Unspecified') at.field('type').add('type must be ZoneIngress or ZoneEgress');
  if (!listener.address) at.field('address').add("address can't be empty");
  else if (listener.address === '0.0.0.0' || listener.address === '::') at.field('address').add('must not be 0.0.0.0 or ::');
  checkPort(listener.port, at.field('port'));
}
