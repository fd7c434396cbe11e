import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { healthCheckKind } from './kind.js';
import type { HealthCheckSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const healthCheck: PolicyDescriptor<HealthCheckSpec> = definePolicy<HealthCheckSpec>({
  ...healthCheckKind,
  order: 1150,
});
