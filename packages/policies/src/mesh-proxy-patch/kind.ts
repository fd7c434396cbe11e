import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshProxyPatchSpec, meshProxyPatchSchema } from './schema.js';
import { meshProxyPatchDeprecations, validateMeshProxyPatch } from './validate.js';

/** Changes to the configuration of Envoy itself, after all other policies. */
export const meshProxyPatchKind: ResourceDescriptor<MeshProxyPatchSpec> = defineKind<MeshProxyPatchSpec>({
  kind: 'MeshProxyPatch',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshproxypatches',
  cli: { singular: 'meshproxypatch', plural: 'meshproxypatches' },
  shortName: 'mpp',
  displayName: { singular: 'Mesh Proxy Patch', plural: 'Mesh Proxy Patches' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, inspectable: true },
  schema: meshProxyPatchSchema,
  validate: validateMeshProxyPatch,
  deprecations: meshProxyPatchDeprecations,
});
