import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { trafficTraceKind } from './kind.js';
import type { TrafficTraceSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const trafficTrace: PolicyDescriptor<TrafficTraceSpec> = definePolicy<TrafficTraceSpec>({
  ...trafficTraceKind,
  order: 650,
});
