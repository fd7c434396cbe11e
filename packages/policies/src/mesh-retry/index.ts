import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshRetryKind } from './kind.js';
import { meshRetryPlugin } from './plugin.js';
import type { MeshRetrySpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshRetry: PolicyDescriptor<MeshRetrySpec> = definePolicy<MeshRetrySpec>({
  ...meshRetryKind,
  order: 1400,
  plugin: meshRetryPlugin,
});
