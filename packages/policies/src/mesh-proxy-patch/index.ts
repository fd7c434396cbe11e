import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshProxyPatchKind } from './kind.js';
import type { MeshProxyPatchSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshProxyPatch: PolicyDescriptor<MeshProxyPatchSpec> = definePolicy<MeshProxyPatchSpec>({
  ...meshProxyPatchKind,
  order: 9999,
});
