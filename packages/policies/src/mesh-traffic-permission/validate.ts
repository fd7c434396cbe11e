import { isDns1123Subdomain, type JsonObject, type Normalized, type TargetRefKind, type Violations } from '@mesh/core';
import { checkTargetRef, TOP_KINDS, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshTrafficPermissionSpec, PermissionMatch } from './schema.js';

const FROM: readonly TargetRefKind[] = ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset'];
const OLD_ACTIONS: Readonly<Record<string, string>> = { ALLOW: 'Allow', DENY: 'Deny', ALLOW_WITH_SHADOW_DENY: 'AllowWithShadowDeny' };

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshTrafficPermission(spec: MeshTrafficPermissionSpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS, sectionName: true }, violations.field('targetRef'));
  const { from = [], rules = [] } = spec;
  if (from.length === 0 && rules.length === 0) violations.add("at least one of 'from' or 'rules' has to be defined");
  if (from.length > 0 && rules.length > 0) violations.add("must have exactly one defined: 'from', 'rules'");
  for (const [i, entry] of from.entries())
    checkTargetRef(entry.targetRef, { kinds: FROM }, violations.field('from').index(i).field('targetRef'));
  for (const [i, rule] of rules.entries()) {
    const at = violations.field('rules').index(i).field('default');
    const lists = ['deny', 'allow', 'allowWithShadowDeny'] as const;
    if (lists.every((list) => (rule.default[list] ?? []).length === 0)) {
      at.add('must have at least one defined: deny, allow, allowWithShadowDeny');
    }
    for (const list of lists) for (const [j, match] of (rule.default[list] ?? []).entries()) checkMatch(match, at.field(list).index(j));
  }
}

function checkMatch({ spiffeID, sni }: PermissionMatch, at: Violations): void {
  if (!spiffeID && !sni) at.add('must have at least one defined: spiffeID, sni');
  if (spiffeID && !/^spiffe:\/\/[a-z0-9._-]+(\/|$)/.test(spiffeID.value))
    at.field('spiffeID').field('value').add('must be a valid SPIFFE ID');
  if (sni && !isDns1123Subdomain(sni.value)) at.field('sni').field('value').add('must be a valid DNS name');
}

/** What a user is told about an accepted document. */
export function permissionDeprecations(spec: MeshTrafficPermissionSpec): string[] {
  const warnings = topKindDeprecations(spec.targetRef);
  if (spec.from) warnings.push("'from' field is deprecated, use 'rules' instead");
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
