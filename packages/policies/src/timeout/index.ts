import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { timeoutKind } from './kind.js';
import type { TimeoutSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const timeout: PolicyDescriptor<TimeoutSpec> = definePolicy<TimeoutSpec>({
  ...timeoutKind,
  order: 950,
});
