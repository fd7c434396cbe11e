import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { circuitBreakerKind } from './kind.js';
import type { CircuitBreakerSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const circuitBreaker: PolicyDescriptor<CircuitBreakerSpec> = definePolicy<CircuitBreakerSpec>({
  ...circuitBreakerKind,
  order: 1250,
});
