import { type DataplaneSpec, tagSetsOf } from '@mesh/resources';

/** Every value of every tag of a Dataplane, sorted: what its certificate says and its token must allow. */
export function tagValuesOf(spec: DataplaneSpec): Record<string, string[]> {
  const values = new Map<string, Set<string>>();
  for (const tags of tagSetsOf(spec)) {
    for (const [key, value] of Object.entries(tags)) values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  return Object.fromEntries([...values.keys()].sort().map((key) => [key, [...(values.get(key) ?? [])].sort()]));
}
