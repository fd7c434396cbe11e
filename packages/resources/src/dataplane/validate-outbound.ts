import { isDns1123Subdomain, type Violations } from '@mesh/core';
import type { DataplaneOutbound, OutboundBackendRef, ReachableBackendRef, TransparentProxying } from '../specs/index.js';
import { checkPort, checkServiceTag, checkTagCharacters, isIp } from '../validation/index.js';

const BACKEND_KINDS = ['MeshExternalService', 'MeshMultiZoneService', 'MeshService'];

/** Rules for `networking.outbound`. */
export function checkOutbounds(outbounds: readonly DataplaneOutbound[], at: Violations): void {
  outbounds.forEach((outbound, i) => {
    checkOutbound(outbound, at.index(i));
  });
}

function checkOutbound(outbound: DataplaneOutbound, at: Violations): void {
  checkPort(outbound.port, at.field('port'));
  if (outbound.address && !isIp(outbound.address)) at.field('address').add('address has to be valid IP address');
  if (outbound.backendRef) {
    checkBackendRef(outbound.backendRef, at.field('backendRef'));
    if (outbound.tags) at.field('backendRef').add('both backendRef and tags/service cannot be defined');
    return;
  }
  checkTagCharacters(outbound.tags ?? {}, at.field('tags'));
  checkServiceTag(outbound.tags, at.field('tags'));
}

function checkBackendRef(ref: OutboundBackendRef, at: Violations): void {
  checkKind(ref.kind, at);
  if (!ref.name && !ref.labels) at.add("either 'name' or 'labels' should be specified");
  if (ref.kind !== 'MeshExternalService') checkPort(ref.port, at.field('port'));
}

/** Rules for `networking.transparentProxying.reachableBackends.refs`. */
export function checkReachableBackends(proxying: TransparentProxying | undefined, at: Violations): void {
  proxying?.reachableBackends?.refs?.forEach((ref, i) => {
    checkReachableBackend(ref, at.index(i));
  });
}

function checkReachableBackend(ref: ReachableBackendRef, at: Violations): void {
  checkKind(ref.kind, at);
  if (ref.name && !isDns1123Subdomain(ref.name)) {
    at.field('name').add(
      "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    );
  }
  if (ref.name && ref.labels) at.field('labels').add('labels cannot be defined when name is specified');
  if (!ref.name && ref.namespace) at.field('name').add('name is required, when namespace is defined');
  else if (!ref.name && !ref.labels) at.field('name').add('name or labels are required');
}

function checkKind(kind: string | undefined, at: Violations): void {
  if (!BACKEND_KINDS.includes(kind ?? '')) at.field('kind').add(`invalid value. Available values are: ${BACKEND_KINDS.join(',')}`);
}
