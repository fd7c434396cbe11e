import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshTrafficPermissionKind } from './kind.js';
import { meshTrafficPermissionPlugin } from './plugin.js';
import type { MeshTrafficPermissionSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshTrafficPermission: PolicyDescriptor<MeshTrafficPermissionSpec> = definePolicy<MeshTrafficPermissionSpec>({
  ...meshTrafficPermissionKind,
  order: 1100,
  plugin: meshTrafficPermissionPlugin,
});
