import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshAccessLogKind } from './kind.js';
import type { MeshAccessLogSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshAccessLog: PolicyDescriptor<MeshAccessLogSpec> = definePolicy<MeshAccessLogSpec>({
  ...meshAccessLogKind,
  order: 600,
});
