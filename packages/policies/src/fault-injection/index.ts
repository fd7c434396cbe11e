import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { faultInjectionKind } from './kind.js';
import { faultInjectionPlugin } from './plugin.js';
import type { FaultInjectionSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const faultInjection: PolicyDescriptor<FaultInjectionSpec> = definePolicy<FaultInjectionSpec>({
  ...faultInjectionKind,
  order: 750,
  plugin: faultInjectionPlugin,
});
