import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshRateLimitKind } from './kind.js';
import { meshRateLimitPlugin } from './plugin.js';
import type { MeshRateLimitSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshRateLimit: PolicyDescriptor<MeshRateLimitSpec> = definePolicy<MeshRateLimitSpec>({
  ...meshRateLimitKind,
  order: 900,
  plugin: meshRateLimitPlugin,
});
