import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { retryKind } from './kind.js';
import type { RetrySpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const retry: PolicyDescriptor<RetrySpec> = definePolicy<RetrySpec>({
  ...retryKind,
  order: 1350,
});
