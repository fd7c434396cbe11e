import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshMetricKind } from './kind.js';
import type { MeshMetricSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshMetric: PolicyDescriptor<MeshMetricSpec> = definePolicy<MeshMetricSpec>({
  ...meshMetricKind,
  order: 1500,
});
