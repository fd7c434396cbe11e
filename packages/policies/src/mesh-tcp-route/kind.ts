import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshTcpRouteSpec, meshTcpRouteSchema } from './schema.js';
import { meshTcpRouteDeprecations, validateMeshTcpRoute } from './validate.js';

/** Where TCP connections to a service go. */
export const meshTcpRouteKind: ResourceDescriptor<MeshTcpRouteSpec> = defineKind<MeshTcpRouteSpec>({
  kind: 'MeshTCPRoute',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshtcproutes',
  cli: { singular: 'meshtcproute', plural: 'meshtcproutes' },
  shortName: 'mtcpr',
  displayName: { singular: 'Mesh TCP Route', plural: 'Mesh TCP Routes' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasTo: true, inspectable: true },
  schema: meshTcpRouteSchema,
  validate: validateMeshTcpRoute,
  deprecations: meshTcpRouteDeprecations,
});
