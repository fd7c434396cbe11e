import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshLoadBalancingStrategyKind } from './kind.js';
import { meshLoadBalancingStrategyPlugin } from './plugin.js';
import type { MeshLoadBalancingStrategySpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshLoadBalancingStrategy: PolicyDescriptor<MeshLoadBalancingStrategySpec> = definePolicy<MeshLoadBalancingStrategySpec>({
  ...meshLoadBalancingStrategyKind,
  order: 400,
  plugin: meshLoadBalancingStrategyPlugin,
});
