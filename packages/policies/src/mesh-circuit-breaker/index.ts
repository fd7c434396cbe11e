import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshCircuitBreakerKind } from './kind.js';
import type { MeshCircuitBreakerSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshCircuitBreaker: PolicyDescriptor<MeshCircuitBreakerSpec> = definePolicy<MeshCircuitBreakerSpec>({
  ...meshCircuitBreakerKind,
  order: 1300,
});
