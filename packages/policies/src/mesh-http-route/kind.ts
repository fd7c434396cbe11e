import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshHttpRouteSpec, meshHttpRouteSchema } from './schema.js';
import { meshHttpRouteDeprecations, validateMeshHttpRoute } from './validate.js';

/** Where requests to a service go, by path, method, headers and query, and how they are changed on the way. */
export const meshHttpRouteKind: ResourceDescriptor<MeshHttpRouteSpec> = defineKind<MeshHttpRouteSpec>({
  kind: 'MeshHTTPRoute',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshhttproutes',
  cli: { singular: 'meshhttproute', plural: 'meshhttproutes' },
  shortName: 'mhttpr',
  displayName: { singular: 'Mesh HTTP Route', plural: 'Mesh HTTP Routes' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasTo: true, inspectable: true },
  schema: meshHttpRouteSchema,
  validate: validateMeshHttpRoute,
  deprecations: meshHttpRouteDeprecations,
});
