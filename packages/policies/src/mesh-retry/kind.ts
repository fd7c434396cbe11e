import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshRetrySpec, meshRetrySchema } from './schema.js';
import { meshRetryDeprecations, validateMeshRetry } from './validate.js';

/** When and how often a failed request or connection is tried again. */
export const meshRetryKind: ResourceDescriptor<MeshRetrySpec> = defineKind<MeshRetrySpec>({
  kind: 'MeshRetry',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshretries',
  cli: { singular: 'meshretry', plural: 'meshretries' },
  shortName: 'mr',
  displayName: { singular: 'Mesh Retry', plural: 'Mesh Retries' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasTo: true, inspectable: true },
  schema: meshRetrySchema,
  validate: validateMeshRetry,
  deprecations: meshRetryDeprecations,
});
