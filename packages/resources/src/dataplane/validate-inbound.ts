import { TAG_SERVICE, type Violations } from '@mesh/core';
import type { DataplaneInbound, DataplaneNetworking, ServiceProbe } from '../specs/index.js';
import { checkPort, checkProtocolTag, checkTagCharacters, isIp, isProtocol, SUPPORTED_PROTOCOLS } from '../validation/index.js';

/** Rules for `networking.inbound`. */
export function checkInbounds(networking: DataplaneNetworking, at: Violations): void {
  networking.inbound?.forEach((inbound, i) => {
    checkInbound(inbound, networking, at.index(i));
  });
}

function checkInbound(inbound: DataplaneInbound, networking: DataplaneNetworking, at: Violations): void {
  checkPort(inbound.port, at.field('port'));
  if (inbound.servicePort !== undefined) checkPort(inbound.servicePort, at.field('servicePort'));
  if (inbound.serviceAddress && !isIp(inbound.serviceAddress)) at.field('serviceAddress').add('serviceAddress has to be valid IP address');
  if (inbound.address && !isIp(inbound.address)) at.field('address').add('address has to be valid IP address');
  checkNoLoop(inbound, networking, at.field('serviceAddress'));
  checkProtocolTag(inbound.tags ?? {}, at.field('tags'));
  checkTagCharacters(inbound.tags ?? {}, at.field('tags'));
  if (inbound.protocol && !isProtocol(inbound.protocol)) {
    at.field('protocol').add(`has an invalid value "${inbound.protocol}". Allowed values: ${SUPPORTED_PROTOCOLS.join(', ')}`);
  }
  if (inbound.serviceProbe) checkServiceProbe(inbound.serviceProbe, at.field('serviceProbe'));
  if (inbound.tags && inbound.tags[TAG_SERVICE] === undefined) at.field('tags').key(TAG_SERVICE).add('tag has to exist');
}

/** A proxy that forwards to its own listener would never stop. */
function checkNoLoop(inbound: DataplaneInbound, networking: DataplaneNetworking, at: Violations): void {
  if (!inbound.serviceAddress) return;
  const sameAddress = inbound.serviceAddress === (inbound.address || networking.address);
  if (sameAddress && (inbound.servicePort ?? inbound.port) === inbound.port) {
    at.add('serviceAddress and servicePort has to differ from address and port');
  }
}

function checkServiceProbe(probe: ServiceProbe, at: Violations): void {
  const positive = (value: string | number | undefined) => value === undefined || Number.parseFloat(String(value)) > 0;
  for (const field of ['interval', 'timeout', 'unhealthyThreshold', 'healthyThreshold'] as const) {
    if (!positive(probe[field])) at.field(field).add('must have a positive value');
  }
}
