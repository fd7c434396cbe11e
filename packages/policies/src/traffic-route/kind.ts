import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type TrafficRouteSpec, trafficRouteSchema } from './schema.js';
import { validateTrafficRoute } from './validate.js';

/** Where traffic between services goes, by tags; the form before MeshHTTPRoute and MeshTCPRoute. */
export const trafficRouteKind: ResourceDescriptor<TrafficRouteSpec> = defineKind<TrafficRouteSpec>({
  kind: 'TrafficRoute',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.TrafficRoute' },
  path: 'traffic-routes',
  cli: { singular: 'traffic-route', plural: 'traffic-routes' },
  displayName: { singular: 'Traffic Route', plural: 'Traffic Routes' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: trafficRouteSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateTrafficRoute,
});
