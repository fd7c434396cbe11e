import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshTimeoutKind } from './kind.js';
import { meshTimeoutPlugin } from './plugin.js';
import type { MeshTimeoutSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshTimeout: PolicyDescriptor<MeshTimeoutSpec> = definePolicy<MeshTimeoutSpec>({
  ...meshTimeoutKind,
  order: 1000,
  plugin: meshTimeoutPlugin,
});
