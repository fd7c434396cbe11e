import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshTlsKind } from './kind.js';
import type { MeshTlsSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshTls: PolicyDescriptor<MeshTlsSpec> = definePolicy<MeshTlsSpec>({
  ...meshTlsKind,
  order: 300,
});
