import { TAG_SERVICE, type TargetRef } from '@mesh/core';
import type { Principal } from '@mesh/proto/envoy/config/rbac/v3/rbac_pb.js';
import type { Tags } from '@mesh/resources';
import { containsTags } from '@mesh/xds';
import { allOf, anyone, callerWithTags, noneOf } from '../sdk/principals.js';
import type { PermissionAction } from './schema.js';

/** An entry of `from`: a set of callers, and what they may do. */
export interface CallerRule {
  /** Tags that callers of the set have; none for all callers. */
  readonly tags: Tags;
  readonly action: PermissionAction;
}

/** Callers a targetRef of `from` is for. */
export function callersOf(ref: TargetRef): Tags {
  const isService = ref.kind === 'MeshService' || ref.kind === 'MeshServiceSubset';
  return isService ? { ...ref.tags, [TAG_SERVICE]: ref.name ?? '' } : { ...ref.tags };
}

/** What a caller may do: the last rule that is for it says; undefined where none is. */
export function actionFor(rules: readonly CallerRule[], caller: Tags): PermissionAction | undefined {
  return rules.findLast((rule) => containsTags(caller, rule.tags))?.action;
}

/**
 * Exactly the callers for whom the last rule has one of the actions: those of each such rule,
 * without those that a later rule with another action takes away. Unlike a list of admitted
 * subsets, that stays right when rules for different values of a tag stand beside each other
 * (ADR safe-deny-rules). A certificate may carry several values of a tag, one per inbound of the
 * caller, so no two rules are taken to exclude each other. Quadratic in the number of rules.
 */
export function callersWith(mesh: string, rules: readonly CallerRule[], actions: readonly PermissionAction[]): Principal[] {
  const principals: Principal[] = [];
  for (const [i, rule] of rules.entries()) {
    const later = rules.slice(i + 1);
    if (!actions.includes(rule.action) || later.some((other) => containsTags(rule.tags, other.tags))) continue;
    const exceptions = later.filter((other) => !actions.includes(other.action));
    const parts = exceptions.map((other) => noneOf(callerWithTags(mesh, other.tags)));
    if (Object.keys(rule.tags).length > 0) parts.unshift(callerWithTags(mesh, rule.tags));
    principals.push(parts.length === 0 ? anyone() : allOf(parts));
  }
  return principals;
}
