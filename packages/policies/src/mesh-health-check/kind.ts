import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshHealthCheckSpec, meshHealthCheckSchema } from './schema.js';
import { meshHealthCheckDeprecations, validateMeshHealthCheck } from './validate.js';

/** How a proxy finds out which instances of a destination answer. */
export const meshHealthCheckKind: ResourceDescriptor<MeshHealthCheckSpec> = defineKind<MeshHealthCheckSpec>({
  kind: 'MeshHealthCheck',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshhealthchecks',
  cli: { singular: 'meshhealthcheck', plural: 'meshhealthchecks' },
  shortName: 'mhc',
  displayName: { singular: 'Mesh Health Check', plural: 'Mesh Health Checks' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasTo: true, inspectable: true },
  schema: meshHealthCheckSchema,
  validate: validateMeshHealthCheck,
  deprecations: meshHealthCheckDeprecations,
});
