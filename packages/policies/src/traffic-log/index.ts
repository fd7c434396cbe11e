import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { trafficLogKind } from './kind.js';
import type { TrafficLogSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const trafficLog: PolicyDescriptor<TrafficLogSpec> = definePolicy<TrafficLogSpec>({
  ...trafficLogKind,
  order: 550,
});
