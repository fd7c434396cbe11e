import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshFaultInjectionSpec, meshFaultInjectionSchema } from './schema.js';
import { meshFaultInjectionDeprecations, validateMeshFaultInjection } from './validate.js';

/** Errors, delays and narrow bandwidth that callers get on purpose. */
export const meshFaultInjectionKind: ResourceDescriptor<MeshFaultInjectionSpec> = defineKind<MeshFaultInjectionSpec>({
  kind: 'MeshFaultInjection',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshfaultinjections',
  cli: { singular: 'meshfaultinjection', plural: 'meshfaultinjections' },
  shortName: 'mfi',
  displayName: { singular: 'Mesh Fault Injection', plural: 'Mesh Fault Injections' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasFrom: true, hasTo: true, hasRules: true, inspectable: true },
  schema: meshFaultInjectionSchema,
  validate: validateMeshFaultInjection,
  deprecations: meshFaultInjectionDeprecations,
});
