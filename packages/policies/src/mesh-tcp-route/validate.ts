import type { TargetRefKind, Violations } from '@mesh/core';
import { checkBackendRef } from '../sdk/backend-ref.js';
import { backendsWithoutEffect, topWithoutEffect, toWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshTcpRouteSpec } from './schema.js';

const TO: readonly TargetRefKind[] = ['MeshService', 'MeshExternalService', 'MeshMultiZoneService'];

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshTcpRoute(spec: MeshTcpRouteSpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY }, violations.field('targetRef'));
  const to = spec.to ?? [];
  if (to.length === 0) violations.field('to').add('must not be empty');
  for (const [i, entry] of to.entries()) {
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: spec.targetRef?.kind === 'MeshGateway' ? ['Mesh'] : TO }, at.field('targetRef'));
    const rules = entry.rules ?? [];
    if (rules.length > 1) at.field('rules').add('must have at most one element');
    for (const [j, rule] of rules.entries()) {
      const refs = at.field('rules').index(j).field('default').field('backendRefs');
      if (rule.default.backendRefs.length === 0) refs.add('must not be empty');
      for (const [k, ref] of rule.default.backendRefs.entries()) checkBackendRef(ref, refs.index(k));
    }
  }
}

/** What a user is told about an accepted document. */
export function meshTcpRouteDeprecations(spec: MeshTcpRouteSpec): string[] {
  const backends = (spec.to ?? []).flatMap((entry, i) =>
    (entry.rules ?? []).flatMap((rule, j) =>
      rule.default.backendRefs.map((ref, k) => ({ path: `spec.to[${i}].rules[${j}].default.backendRefs[${k}]`, ref })),
    ),
  );
  return [
    ...topKindDeprecations(spec.targetRef),
    ...topWithoutEffect(spec.targetRef),
    ...toWithoutEffect(spec.to),
    ...backendsWithoutEffect(backends),
  ];
}
