import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { trafficPermissionKind } from './kind.js';
import { trafficPermissionPlugin } from './plugin.js';
import type { TrafficPermissionSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const trafficPermission: PolicyDescriptor<TrafficPermissionSpec> = definePolicy<TrafficPermissionSpec>({
  ...trafficPermissionKind,
  order: 50,
  plugin: trafficPermissionPlugin,
});
