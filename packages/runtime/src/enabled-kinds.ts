import type { AnyDescriptor } from '@mesh/core';
import type { KumaConfig } from './config/index.js';
import { CORE_RESOURCES, PLUGIN_POLICIES } from './config/sections/behaviour.js';

/** The kinds this control plane offers: all but those that `policies` and `coreResources` switch off. */
export function enabledKinds<D extends AnyDescriptor>(
  { policies, coreResources }: Pick<KumaConfig, 'policies' | 'coreResources'>,
  kinds: readonly D[],
): D[] {
  const enabled = new Set([...policies.pluginPoliciesEnabled, ...coreResources.enabled]);
  const disabled = new Set<string>([...PLUGIN_POLICIES, ...CORE_RESOURCES].filter((path) => !enabled.has(path)));
  return kinds.filter(({ path }) => path === undefined || !disabled.has(path));
}
