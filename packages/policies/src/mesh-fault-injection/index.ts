import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshFaultInjectionKind } from './kind.js';
import type { MeshFaultInjectionSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshFaultInjection: PolicyDescriptor<MeshFaultInjectionSpec> = definePolicy<MeshFaultInjectionSpec>({
  ...meshFaultInjectionKind,
  order: 800,
});
