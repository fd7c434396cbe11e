import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshAccessLogKind } from './kind.js';
import { meshAccessLogPlugin } from './plugin.js';
import type { MeshAccessLogSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshAccessLog: PolicyDescriptor<MeshAccessLogSpec> = definePolicy<MeshAccessLogSpec>({
  ...meshAccessLogKind,
  order: 600,
  plugin: meshAccessLogPlugin,
});
