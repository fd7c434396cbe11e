import { defineKind, isDns1035Label, type JsonObject, type Normalized, type ResourceDescriptor } from '@mesh/core';
import { boolValue, isObject, message, protoSchema } from '../proto-json/index.js';
import type { ZoneSpec } from '../specs/index.js';

/** A zone of the mesh. A global makes one for every zone that connects. */
export const zone: ResourceDescriptor<ZoneSpec> = defineKind<ZoneSpec>({
  kind: 'Zone',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.system.v1alpha1.Zone' },
  path: 'zones',
  cli: { singular: 'zone', plural: 'zones' },
  shortName: 'z',
  displayName: { singular: 'Zone', plural: 'Zones' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: false, zoneToGlobal: false },
  insightKind: 'ZoneInsight',
  overviewAliases: ['zones+insights'],
  schema: protoSchema<ZoneSpec>(message<ZoneSpec>({ enabled: boolValue })),
  normalize: normalizeZone,
  deprecations: (_spec, { name }) =>
    isDns1035Label(name) ? [] : [`name: "${name}" is not an RFC 1035 label; such names of a Zone are deprecated`],
});

/** `spec.enabled` as the manuals print it, and the addresses a Zone had in Kuma 0.6-1.1. */
function normalizeZone(document: JsonObject): Normalized {
  const warnings: string[] = [];
  let { ingress, remote, spec, ...present }: JsonObject = document;
  if (isObject(spec)) {
    warnings.push(
      `spec: the fields of a Zone stand at the top of the document, write ${JSON.stringify({ type: 'Zone', name: document.name, ...spec })} instead`,
    );
    ({ ingress = ingress, remote = remote, ...present } = { ...spec, ...present });
  }
  if (ingress !== undefined)
    warnings.push(
      'ingress: the address of a zone is an old form and ignored, write advertisedAddress and advertisedPort of its ZoneIngress instead',
    );
  if (remote !== undefined)
    warnings.push('remote: the address of a zone control plane is an old form and ignored, zones connect to the global instead');
  return { document: warnings.length === 0 ? document : present, warnings };
}
