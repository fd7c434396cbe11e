import { displayNameOf, LABEL_POLICY_ROLE, originOf, type Resource, TARGET_REF_ORDER, type TargetRef } from '@mesh/core';

/** The part of a targetRef policy that every such policy has. */
export interface TargetRefSpec {
  readonly targetRef?: TargetRef | undefined;
}

/** What a policy without `targetRef` is for. */
export const WHOLE_MESH: TargetRef = { kind: 'Mesh' };

const ROLE_ORDER: Readonly<Record<string, number>> = { system: 0, producer: 1, consumer: 2, 'workload-owner': 3 };

/** Role of a policy; those without the label are the system's. */
export function roleOf(policy: Resource<unknown>): string {
  return policy.meta.labels[LABEL_POLICY_ROLE] || 'system';
}

/** Order of application: later ones override earlier ones (contract/policies.md §2.3). */
export function comparePriority(a: Resource<TargetRefSpec>, b: Resource<TargetRefSpec>): number {
  const left = a.spec.targetRef ?? WHOLE_MESH;
  const right = b.spec.targetRef ?? WHOLE_MESH;
  return (
    TARGET_REF_ORDER[left.kind] - TARGET_REF_ORDER[right.kind] ||
    dataplaneOrder(left) - dataplaneOrder(right) ||
    originOrder(a) - originOrder(b) ||
    Object.keys(left.tags ?? {}).length * gateway(left) - Object.keys(right.tags ?? {}).length * gateway(right) ||
    (ROLE_ORDER[roleOf(a)] ?? 0) - (ROLE_ORDER[roleOf(b)] ?? 0) ||
    compareText(displayNameOf(b), displayNameOf(a)) ||
    compareText(b.meta.name, a.meta.name)
  );
}

function gateway(ref: TargetRef): number {
  return ref.kind === 'MeshGateway' ? 1 : 0;
}

function dataplaneOrder(ref: TargetRef): number {
  if (ref.kind !== 'Dataplane') return 0;
  return (ref.name ? 2 : 0) + (ref.sectionName ? 1 : 0);
}

function originOrder(policy: Resource<unknown>): number {
  const origin = originOf(policy);
  return origin === 'global' ? 0 : origin === 'zone' ? 2 : 1;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
