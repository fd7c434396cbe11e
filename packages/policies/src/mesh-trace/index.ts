import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshTraceKind } from './kind.js';
import type { MeshTraceSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshTrace: PolicyDescriptor<MeshTraceSpec> = definePolicy<MeshTraceSpec>({
  ...meshTraceKind,
  order: 700,
});
