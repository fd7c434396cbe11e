import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshTlsKind } from './kind.js';
import { meshTlsPlugin } from './plugin.js';
import type { MeshTlsSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshTls: PolicyDescriptor<MeshTlsSpec> = definePolicy<MeshTlsSpec>({
  ...meshTlsKind,
  order: 300,
  plugin: meshTlsPlugin,
});
