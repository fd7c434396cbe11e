import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { trafficRouteKind } from './kind.js';
import { trafficRoutePlugin } from './plugin.js';
import type { TrafficRouteSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const trafficRoute: PolicyDescriptor<TrafficRouteSpec> = definePolicy<TrafficRouteSpec>({
  ...trafficRouteKind,
  order: 250,
  plugin: trafficRoutePlugin,
});
