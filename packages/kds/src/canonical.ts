import type { Json, JsonObject } from '@mesh/core';

/** A copy with the keys of every object in order, so that equal values are written as equal bytes. */
export function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const sorted: JsonObject = {};
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item !== undefined) sorted[key] = canonical(item);
  }
  return sorted;
}
