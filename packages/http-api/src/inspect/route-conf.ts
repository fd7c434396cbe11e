import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '@mesh/core';
import { mergeConfs } from '@mesh/policies/matching';

/** Confs laid over each other. Lists of `rules`, as routes have them, are joined: the later rule with the same matches wins. */
export function mergeRouteConfs(confs: readonly JsonObject[]): JsonObject {
  const merged = mergeConfs(confs) ?? {};
  if (!Array.isArray(merged.rules)) return merged;
  const byMatches = new Map<string, Json>();
  for (const rule of confs.flatMap(({ rules }) => (Array.isArray(rules) ? rules : []))) {
    byMatches.set(JSON.stringify((rule as JsonObject).matches ?? null), rule);
  }
  return { ...merged, rules: [...byMatches.values()] };
}

/** The hash by which `_rules` names the matches of a route. */
export function hashOfMatches(matches: Json): string {
  return createHash('sha256')
    .update(JSON.stringify(inOrderOfFields(matches)))
    .digest('base64');
}

const ORDER = ['path', 'value', 'type', 'method', 'queryParams', 'headers', 'name'];

/** Fields in the order Kuma's own types have them: the hash is of that text. */
function inOrderOfFields(value: Json): Json {
  if (Array.isArray(value)) return value.map(inOrderOfFields);
  if (typeof value !== 'object' || value === null) return value;
  const rank = (key: string): number => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => rank(a) - rank(b))
      .map(([key, part]) => [key, inOrderOfFields(part)]),
  );
}
