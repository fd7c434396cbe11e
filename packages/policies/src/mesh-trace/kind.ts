import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshTraceSpec, meshTraceSchema } from './schema.js';
import { meshTraceDeprecations, validateMeshTrace } from './validate.js';

/** Which requests are traced, and where the spans go. */
export const meshTraceKind: ResourceDescriptor<MeshTraceSpec> = defineKind<MeshTraceSpec>({
  kind: 'MeshTrace',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshtraces',
  cli: { singular: 'meshtrace', plural: 'meshtraces' },
  shortName: 'mtr',
  displayName: { singular: 'Mesh Trace', plural: 'Mesh Traces' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  hasStatus: true,
  policy: { isTargetRef: true, inspectable: true },
  schema: meshTraceSchema,
  validate: validateMeshTrace,
  deprecations: meshTraceDeprecations,
});
