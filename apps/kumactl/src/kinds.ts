import { DescriptorRegistry } from '@mesh/core';
import { allPolicyKinds } from '@mesh/policies/kinds';
import { coreKinds } from '@mesh/resources';

/** Kinds this kumactl knows. */
export const registry = new DescriptorRegistry([...coreKinds, ...allPolicyKinds]);
