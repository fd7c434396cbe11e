import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { noEffectYet } from '../plugin/index.js';
import { type MeshTrustSpec, meshTrustSchema } from './schema.js';
import { validateMeshTrust } from './validate.js';

/** CAs of a trust domain that proxies of the mesh trust. */
export const meshTrust: ResourceDescriptor<MeshTrustSpec> = defineKind<MeshTrustSpec>({
  kind: 'MeshTrust',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshtrusts',
  cli: { singular: 'meshtrust', plural: 'meshtrusts' },
  shortName: 'mtrust',
  displayName: { singular: 'Mesh Trust', plural: 'Mesh Trusts' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true },
  hasStatus: true,
  schema: meshTrustSchema,
  validate: validateMeshTrust,
  deprecations: ({ origin }) => [
    ...(origin ? ['setting spec.origin field is deprecated: the control plane keeps it in status.origin'] : []),
    noEffectYet('MeshTrust'),
  ],
});
