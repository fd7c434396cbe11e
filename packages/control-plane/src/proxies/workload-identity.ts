import type { Resource, ResourceView } from '@mesh/core';

/** What is read of a MeshIdentity. */
interface IdentitySpec {
  readonly selector?: { readonly dataplane?: { readonly matchLabels?: Readonly<Record<string, string>> } };
  readonly spiffeID?: { readonly path?: string };
}

/** Path of the SPIFFE id where a MeshIdentity says none (contract/dataplane.md §3, universal). */
const DEFAULT_PATH = '/workload/{{ .Workload }}';
const WORKLOAD = /\.Workload\b|kuma\.io\/workload/;

/**
 * Whether the SPIFFE id of a dataplane with these labels is made from its workload label: then its token must
 * be bound to the workload, or the label would be enough to take over an identity (contract/dataplane.md §2.2).
 */
export function identityComesFromWorkload(view: ResourceView, mesh: string, labels: Readonly<Record<string, string>>): boolean {
  const [picked] = view
    .listSorted<IdentitySpec>('MeshIdentity', mesh)
    .filter((identity) => selects(identity, labels))
    .sort((a, b) => specificity(b) - specificity(a));
  return picked !== undefined && WORKLOAD.test(picked.spec.spiffeID?.path || DEFAULT_PATH);
}

/** No selector is for nobody, an empty one for all. */
function selects({ spec }: Resource<IdentitySpec>, labels: Readonly<Record<string, string>>): boolean {
  const { dataplane } = spec.selector ?? {};
  return dataplane !== undefined && Object.entries(dataplane.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

function specificity({ spec }: Resource<IdentitySpec>): number {
  return Object.keys(spec.selector?.dataplane?.matchLabels ?? {}).length;
}
