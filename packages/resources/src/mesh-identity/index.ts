import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { noEffectYet } from '../plugin/index.js';
import { type MeshIdentitySpec, meshIdentitySchema } from './schema.js';
import { validateMeshIdentity } from './validate.js';

/** Which identity proxies get, and who signs it. */
export const meshIdentity: ResourceDescriptor<MeshIdentitySpec> = defineKind<MeshIdentitySpec>({
  kind: 'MeshIdentity',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshidentities',
  cli: { singular: 'meshidentity', plural: 'meshidentities' },
  shortName: 'mid',
  displayName: { singular: 'Mesh Identity', plural: 'Mesh Identities' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true },
  hasStatus: true,
  schema: meshIdentitySchema,
  validate: validateMeshIdentity,
  deprecations: () => [noEffectYet('MeshIdentity')],
});
