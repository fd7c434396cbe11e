import { TAG_SERVICE } from '@mesh/core';
import type { Tags } from '@mesh/resources';

/** A copy with keys in order, so that two equal tag sets encode to the same bytes. */
export function sortTags(tags: Tags): Record<string, string> {
  const sorted: Record<string, string> = {};
  for (const key of Object.keys(tags).sort()) sorted[key] = tags[key] ?? '';
  return sorted;
}

/** A copy without the given keys, sorted. */
export function withoutTags(tags: Tags, ...keys: readonly string[]): Record<string, string> {
  const rest: Record<string, string> = {};
  for (const key of Object.keys(tags).sort()) if (!keys.includes(key)) rest[key] = tags[key] ?? '';
  return rest;
}

/** The tags that tell instances of one service apart: all but `kuma.io/service`. */
export function extraTags(tags: Tags): Record<string, string> {
  return withoutTags(tags, TAG_SERVICE);
}

/** True where every tag of `subset` is in `tags` with the same value. */
export function containsTags(tags: Tags, subset: Tags): boolean {
  for (const key of Object.keys(subset)) if (tags[key] !== subset[key]) return false;
  return true;
}

/** A text that is equal exactly for equal tag sets. */
export function tagsKey(tags: Tags): string {
  return Object.keys(tags)
    .sort()
    .map((key) => `${key}=${tags[key]}`)
    .join(',');
}
