import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshLoadBalancingStrategyKind } from './kind.js';
import type { MeshLoadBalancingStrategySpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshLoadBalancingStrategy: PolicyDescriptor<MeshLoadBalancingStrategySpec> = definePolicy<MeshLoadBalancingStrategySpec>({
  ...meshLoadBalancingStrategyKind,
  order: 400,
});
