import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshRateLimitSpec, meshRateLimitSchema } from './schema.js';
import { meshRateLimitDeprecations, validateMeshRateLimit } from './validate.js';

/** How many requests and connections an instance takes in a time. */
export const meshRateLimitKind: ResourceDescriptor<MeshRateLimitSpec> = defineKind<MeshRateLimitSpec>({
  kind: 'MeshRateLimit',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshratelimits',
  cli: { singular: 'meshratelimit', plural: 'meshratelimits' },
  shortName: 'mrl',
  displayName: { singular: 'Mesh Rate Limit', plural: 'Mesh Rate Limits' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasFrom: true, hasTo: true, hasRules: true, fromAsRules: true, inspectable: true },
  schema: meshRateLimitSchema,
  validate: validateMeshRateLimit,
  deprecations: meshRateLimitDeprecations,
});
