import type { DataplaneSpec, Tags } from './specs/index.js';

/** The tag sets a Dataplane offers: of its gateway, or of each inbound. */
export function tagSetsOf(spec: DataplaneSpec): readonly Tags[] {
  const { gateway, inbound } = spec.networking ?? {};
  if (gateway) return [gateway.tags ?? {}];
  return (inbound ?? []).map((each) => each.tags ?? {});
}

/** Tags as kumactl prints them: keys and the values of each sorted, `a=1,2 b=3`. */
export function formatTags(tagSets: readonly Tags[]): string {
  const values = new Map<string, Set<string>>();
  for (const tags of tagSets) {
    for (const [key, value] of Object.entries(tags)) {
      const seen = values.get(key) ?? new Set();
      values.set(key, seen.add(value));
    }
  }
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, set]) => `${key}=${[...set].sort().join(',')}`)
    .join(' ');
}
