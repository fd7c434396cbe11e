import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshHealthCheckKind } from './kind.js';
import type { MeshHealthCheckSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshHealthCheck: PolicyDescriptor<MeshHealthCheckSpec> = definePolicy<MeshHealthCheckSpec>({
  ...meshHealthCheckKind,
  order: 1200,
});
