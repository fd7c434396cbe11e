import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshFaultInjectionKind } from './kind.js';
import { meshFaultInjectionPlugin } from './plugin.js';
import type { MeshFaultInjectionSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshFaultInjection: PolicyDescriptor<MeshFaultInjectionSpec> = definePolicy<MeshFaultInjectionSpec>({
  ...meshFaultInjectionKind,
  order: 800,
  plugin: meshFaultInjectionPlugin,
});
