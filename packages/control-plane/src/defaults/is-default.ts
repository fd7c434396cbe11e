import { jsonEqual, type ResourceDraft } from '@mesh/core';
import { isGeneratedSecret } from '@mesh/identity';
import { defaultPoliciesForMesh } from '@mesh/policies/kinds';

/**
 * Whether a resource is what a control plane makes by itself when its store is new (contract/kds.md §7): the mesh `default`
 * without any setting, the policies every mesh starts with, and keys that nobody chose.
 */
export function isDefault({ kind, mesh = '', name, spec }: ResourceDraft): boolean {
  if (kind === 'Mesh') return name === 'default' && Object.keys(spec as object).length === 0;
  if (kind === 'Secret' || kind === 'GlobalSecret') return isGeneratedSecret(name);
  return defaultPoliciesForMesh(mesh, {}, { routingResources: true }).some(
    (policy) => policy.kind === kind && policy.name === name && jsonEqual(policy.spec, spec),
  );
}
