import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshRetryKind } from './kind.js';
import type { MeshRetrySpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshRetry: PolicyDescriptor<MeshRetrySpec> = definePolicy<MeshRetrySpec>({
  ...meshRetryKind,
  order: 1400,
});
