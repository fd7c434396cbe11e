import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshAccessLogSpec, meshAccessLogSchema } from './schema.js';
import { meshAccessLogDeprecations, validateMeshAccessLog } from './validate.js';

/** What is written about requests and connections, and where to. */
export const meshAccessLogKind: ResourceDescriptor<MeshAccessLogSpec> = defineKind<MeshAccessLogSpec>({
  kind: 'MeshAccessLog',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshaccesslogs',
  cli: { singular: 'meshaccesslog', plural: 'meshaccesslogs' },
  shortName: 'mal',
  displayName: { singular: 'Mesh Access Log', plural: 'Mesh Access Logs' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  hasStatus: true,
  policy: { isTargetRef: true, hasFrom: true, hasTo: true, hasRules: true, fromAsRules: true, inspectable: true },
  schema: meshAccessLogSchema,
  validate: validateMeshAccessLog,
  deprecations: meshAccessLogDeprecations,
});
