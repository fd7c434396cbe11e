import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshRateLimitKind } from './kind.js';
import type { MeshRateLimitSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshRateLimit: PolicyDescriptor<MeshRateLimitSpec> = definePolicy<MeshRateLimitSpec>({
  ...meshRateLimitKind,
  order: 900,
});
