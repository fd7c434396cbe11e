import { DescriptorRegistry } from '@mesh/core';
import { policyKinds } from '@mesh/policies';
import { coreKinds } from '@mesh/resources';

/** Every kind this build knows: core kinds, then policies. */
export function buildRegistry(): DescriptorRegistry {
  return new DescriptorRegistry([...coreKinds, ...policyKinds]);
}
