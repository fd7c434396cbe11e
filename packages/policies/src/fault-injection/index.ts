import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { faultInjectionKind } from './kind.js';
import type { FaultInjectionSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const faultInjection: PolicyDescriptor<FaultInjectionSpec> = definePolicy<FaultInjectionSpec>({
  ...faultInjectionKind,
  order: 750,
});
