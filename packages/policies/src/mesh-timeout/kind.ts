import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshTimeoutSpec, meshTimeoutSchema } from './schema.js';
import { meshTimeoutDeprecations, validateMeshTimeout } from './validate.js';

/** How long connections, requests and streams may take or be idle. */
export const meshTimeoutKind: ResourceDescriptor<MeshTimeoutSpec> = defineKind<MeshTimeoutSpec>({
  kind: 'MeshTimeout',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshtimeouts',
  cli: { singular: 'meshtimeout', plural: 'meshtimeouts' },
  shortName: 'mt',
  displayName: { singular: 'Mesh Timeout', plural: 'Mesh Timeouts' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasFrom: true, hasTo: true, hasRules: true, fromAsRules: true, inspectable: true },
  schema: meshTimeoutSchema,
  validate: validateMeshTimeout,
  deprecations: meshTimeoutDeprecations,
});
