import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshHealthCheckKind } from './kind.js';
import { meshHealthCheckPlugin } from './plugin.js';
import type { MeshHealthCheckSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshHealthCheck: PolicyDescriptor<MeshHealthCheckSpec> = definePolicy<MeshHealthCheckSpec>({
  ...meshHealthCheckKind,
  order: 1200,
  plugin: meshHealthCheckPlugin,
});
