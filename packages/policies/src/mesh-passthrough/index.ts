import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshPassthroughKind } from './kind.js';
import type { MeshPassthroughSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshPassthrough: PolicyDescriptor<MeshPassthroughSpec> = definePolicy<MeshPassthroughSpec>({
  ...meshPassthroughKind,
  order: 500,
});
