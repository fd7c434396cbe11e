import { type JsonObject, type Normalized, type TargetRefKind, type Violations } from '@mesh/core';
import { checkFromOrRules, checkMatch } from '../sdk/inbound-rules.js';
import { checkTargetRef, FROM_DEPRECATED, TOP_KINDS, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshTrafficPermissionSpec } from './schema.js';

const FROM: readonly TargetRefKind[] = ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset'];
const OLD_ACTIONS: Readonly<Record<string, string>> = { ALLOW: 'Allow', DENY: 'Deny', ALLOW_WITH_SHADOW_DENY: 'AllowWithShadowDeny' };

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshTrafficPermission(spec: MeshTrafficPermissionSpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS, sectionName: true }, violations.field('targetRef'));
  const { from = [], rules = [] } = spec;
  if (from.length === 0 && rules.length === 0) violations.add("at least one of 'from' or 'rules' has to be defined");
  checkFromOrRules(spec, violations);
  for (const [i, rule] of rules.entries()) checkRule(rule.default, violations.field('rules').index(i));
  for (const [i, entry] of from.entries()) {
    const at = violations.field('from').index(i);
    checkTargetRef(entry.targetRef, { kinds: FROM }, at.field('targetRef'));
    if (entry.default.action === undefined) at.field('default').field('action').add('must be defined');
  }
}

/** The lists of a rule stand beside it on the wire, without `default`. */
function checkRule(conf: NonNullable<MeshTrafficPermissionSpec['rules']>[number]['default'], at: Violations): void {
  const lists = ['deny', 'allow', 'allowWithShadowDeny'] as const;
  if (lists.every((list) => (conf[list] ?? []).length === 0))
    at.add("at least one of 'allow', 'allowWithShadowDeny', 'deny' has to be defined");
  for (const list of lists) {
    for (const [j, match] of (conf[list] ?? []).entries()) {
      // A match without parts would be for everybody.
      if (!match.spiffeID && !match.sni) at.field(list).index(j).add("must specify at least one of 'spiffeID' or 'sni'");
      checkMatch(match, at.field(list).index(j));
    }
  }
}

/** What a user is told about an accepted document. */
export function permissionDeprecations(spec: MeshTrafficPermissionSpec): string[] {
  const warnings = topKindDeprecations(spec.targetRef);
  if (spec.from) warnings.push(FROM_DEPRECATED);
  if (spec.from?.some((entry) => entry.targetRef.kind === 'MeshService')) {
    warnings.push("MeshService value for 'from[].targetRef.kind' is deprecated, use MeshSubset with 'kuma.io/service' instead");
  }
  return warnings;
}

/** Actions in capitals, as Kuma 2.0 wrote them. */
export function normalizeActions(document: JsonObject): Normalized {
  const spec = objectOf(document.spec);
  if (!Array.isArray(spec?.from)) return { document, warnings: [] };
  const warnings: string[] = [];
  const from = spec.from.map((entry, i) => {
    const conf = objectOf(objectOf(entry)?.default);
    const action = OLD_ACTIONS[String(conf?.action)];
    if (action === undefined) return entry;
    warnings.push(`spec.from[${i}].default.action: "${String(conf?.action)}" is an old form, write "${action}" instead`);
    return { ...objectOf(entry), default: { ...conf, action } };
  });
  return warnings.length === 0 ? { document, warnings } : { document: { ...document, spec: { ...spec, from } }, warnings };
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
