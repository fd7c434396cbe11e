import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshLoadBalancingStrategySpec, meshLoadBalancingStrategySchema } from './schema.js';
import { meshLoadBalancingStrategyDeprecations, validateMeshLoadBalancingStrategy } from './validate.js';

/** Which instance of a destination gets a request, and in which zone. */
export const meshLoadBalancingStrategyKind: ResourceDescriptor<MeshLoadBalancingStrategySpec> = defineKind<MeshLoadBalancingStrategySpec>({
  kind: 'MeshLoadBalancingStrategy',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshloadbalancingstrategies',
  cli: { singular: 'meshloadbalancingstrategy', plural: 'meshloadbalancingstrategies' },
  shortName: 'mlbs',
  displayName: { singular: 'Mesh Load Balancing Strategy', plural: 'Mesh Load Balancing Strategies' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasTo: true, inspectable: true },
  schema: meshLoadBalancingStrategySchema,
  validate: validateMeshLoadBalancingStrategy,
  deprecations: meshLoadBalancingStrategyDeprecations,
});
