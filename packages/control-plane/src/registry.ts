import { DescriptorRegistry } from '@mesh/core';
import { allPolicyKinds } from '@mesh/policies/kinds';
import { coreKinds } from '@mesh/resources';
import { enabledKinds, type KumaConfig } from '@mesh/runtime';

/** Every kind this build knows: core kinds, then policies; with a configuration, those it does not switch off. */
export function buildRegistry(config?: KumaConfig): DescriptorRegistry {
  const kinds = [...coreKinds, ...allPolicyKinds];
  return new DescriptorRegistry(config ? enabledKinds(config, kinds) : kinds);
}
