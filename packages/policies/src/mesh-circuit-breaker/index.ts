import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshCircuitBreakerKind } from './kind.js';
import { meshCircuitBreakerPlugin } from './plugin.js';
import type { MeshCircuitBreakerSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshCircuitBreaker: PolicyDescriptor<MeshCircuitBreakerSpec> = definePolicy<MeshCircuitBreakerSpec>({
  ...meshCircuitBreakerKind,
  order: 1300,
  plugin: meshCircuitBreakerPlugin,
});
