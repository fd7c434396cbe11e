import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type MeshGatewaySpec, meshGatewaySchema } from './schema.js';
import { validateMeshGateway } from './validate.js';

/** Listeners of builtin gateways. */
export const meshGatewayKind: ResourceDescriptor<MeshGatewaySpec> = defineKind<MeshGatewaySpec>({
  kind: 'MeshGateway',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.MeshGateway' },
  path: 'meshgateways',
  cli: { singular: 'meshgateway', plural: 'meshgateways' },
  shortName: 'mgw',
  displayName: { singular: 'Mesh Gateway', plural: 'Mesh Gateways' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true },
  schema: meshGatewaySchema,
  normalize: normalizeLegacyPolicy,
  validate: validateMeshGateway,
  deprecations: () => [kindWithoutEffect('MeshGateway')],
});
