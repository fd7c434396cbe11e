import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { rateLimitKind } from './kind.js';
import { rateLimitPlugin } from './plugin.js';
import type { RateLimitSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const rateLimit: PolicyDescriptor<RateLimitSpec> = definePolicy<RateLimitSpec>({
  ...rateLimitKind,
  order: 850,
  plugin: rateLimitPlugin,
});
