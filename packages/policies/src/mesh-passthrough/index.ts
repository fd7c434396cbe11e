import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshPassthroughKind } from './kind.js';
import { meshPassthroughPlugin } from './plugin.js';
import type { MeshPassthroughSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshPassthrough: PolicyDescriptor<MeshPassthroughSpec> = definePolicy<MeshPassthroughSpec>({
  ...meshPassthroughKind,
  order: 500,
  plugin: meshPassthroughPlugin,
});
