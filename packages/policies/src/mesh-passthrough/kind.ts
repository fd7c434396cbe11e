import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshPassthroughSpec, meshPassthroughSchema } from './schema.js';
import { meshPassthroughDeprecations, validateMeshPassthrough } from './validate.js';

/** Which traffic out of the mesh a proxy lets pass. */
export const meshPassthroughKind: ResourceDescriptor<MeshPassthroughSpec> = defineKind<MeshPassthroughSpec>({
  kind: 'MeshPassthrough',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshpassthroughs',
  cli: { singular: 'meshpassthrough', plural: 'meshpassthroughs' },
  shortName: 'mp',
  displayName: { singular: 'Mesh Passthrough', plural: 'Mesh Passthroughs' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, inspectable: true },
  schema: meshPassthroughSchema,
  validate: validateMeshPassthrough,
  deprecations: meshPassthroughDeprecations,
});
