import { defineKind, isDns1035Label, type ResourceDescriptor } from '@mesh/core';
import type { MeshSpec } from '../specs/index.js';
import { defaultMesh } from './defaults.js';
import { enabledBackend } from './enabled-backend.js';
import { normalizeMesh } from './normalize.js';
import { meshSchema } from './schema.js';
import { validateMesh } from './validate.js';

/** A set of services with a CA of its own; the scope of most other kinds. */
export const mesh: ResourceDescriptor<MeshSpec> = defineKind<MeshSpec>({
  kind: 'Mesh',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.Mesh' },
  path: 'meshes',
  cli: { singular: 'mesh', plural: 'meshes' },
  shortName: 'm',
  displayName: { singular: 'Mesh', plural: 'Meshes' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false, skipHash: true },
  nameLengthMax: 63,
  schema: meshSchema,
  normalize: normalizeMesh,
  validate: validateMesh,
  deprecations: (_spec, { name }) =>
    isDns1035Label(name) ? [] : [`name: "${name}" is not an RFC 1035 label; such names of a Mesh are deprecated`],
  defaults: defaultMesh,
  columns: [
    { header: 'mTLS', value: ({ spec }) => enabledCa(spec) },
    { header: 'LOCALITY', value: ({ spec }) => (spec.routing?.localityAwareLoadBalancing ? 'on' : 'off') },
    { header: 'ZONEEGRESS', value: ({ spec }) => (spec.routing?.zoneEgress ? 'on' : 'off') },
  ],
});

function enabledCa(spec: MeshSpec): string {
  const backend = enabledBackend(spec);
  return backend ? `${backend.type}/${backend.name}` : 'off';
}
