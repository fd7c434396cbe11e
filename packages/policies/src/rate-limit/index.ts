import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { rateLimitKind } from './kind.js';
import type { RateLimitSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const rateLimit: PolicyDescriptor<RateLimitSpec> = definePolicy<RateLimitSpec>({
  ...rateLimitKind,
  order: 850,
});
