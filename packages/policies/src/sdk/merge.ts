import type { Json, JsonObject } from '@mesh/core';

/**
 * Lays confs over each other, later ones on top, as RFC 7396 merges JSON: objects merge, lists and
 * scalars are replaced, null removes. Lists named `append…` are joined (contract/policies.md §2.4).
 */
export function mergeConfs<Conf extends object>(confs: readonly Conf[]): Conf | undefined {
  if (confs.length === 0) return undefined;
  return confs.reduce((merged, conf) => mergeObjects(merged as JsonObject, conf as JsonObject) as Conf, {} as Conf);
}

function mergeObjects(base: JsonObject, patch: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) delete merged[key];
    else merged[key] = mergeField(key, merged[key], value);
  }
  return merged;
}

function mergeField(key: string, base: Json | undefined, patch: Json): Json {
  if (isObject(patch)) return mergeObjects(isObject(base) ? base : {}, patch);
  if (key.startsWith('append') && Array.isArray(base) && Array.isArray(patch)) return [...base, ...patch];
  return patch;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
