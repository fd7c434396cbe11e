import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type MeshGatewayRouteSpec, meshGatewayRouteSchema } from './schema.js';
import { validateMeshGatewayRoute } from './validate.js';

/** Where the traffic of gateway listeners goes. */
export const meshGatewayRouteKind: ResourceDescriptor<MeshGatewayRouteSpec> = defineKind<MeshGatewayRouteSpec>({
  kind: 'MeshGatewayRoute',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.MeshGatewayRoute' },
  path: 'meshgatewayroutes',
  cli: { singular: 'meshgatewayroute', plural: 'meshgatewayroutes' },
  displayName: { singular: 'Mesh Gateway Route', plural: 'Mesh Gateway Routes' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false },
  schema: meshGatewayRouteSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateMeshGatewayRoute,
  deprecations: () => [kindWithoutEffect('MeshGatewayRoute')],
});
