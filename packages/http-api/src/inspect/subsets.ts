import type { JsonObject, Resource } from '@mesh/core';
import { mergeRouteConfs } from './route-conf.js';

/** An entry of a policy that a rule was made from. */
export interface RuleOrigin {
  readonly policy: Resource;
  /** Place in `to`, `from` or `rules`. */
  readonly index: number;
}

/** A conf for those that have tags. */
export interface TaggedConf {
  readonly tags: Readonly<Record<string, string>>;
  readonly conf: JsonObject;
  readonly origin: RuleOrigin;
}

/** One condition of a subset. */
export interface Matcher {
  readonly key: string;
  readonly value: string;
  readonly not: boolean;
}

/** A subset of proxies by their tags, and all that is said of it. */
export interface SubsetRule {
  readonly matchers: readonly Matcher[];
  readonly conf: JsonObject;
  readonly origins: readonly RuleOrigin[];
}

/** With more combinations than that only the subsets users named are shown. */
const COMBINATIONS_MAX = 512;

/**
 * Rules for every subset that confs speak of, weakest conf first within each. `negated`: the rest
 * of each tag is a subset of its own (`not`), so that exactly one rule is for each proxy.
 */
export function subsetRules(confs: readonly TaggedConf[], { negated }: { readonly negated: boolean }): SubsetRule[] {
  const subsets = (negated ? combinations(confs) : undefined) ?? named(confs);
  return subsets.flatMap((matchers): SubsetRule[] => {
    const having = new Map(matchers.filter(({ not }) => !not).map(({ key, value }) => [key, value]));
    const concerning = confs.filter(({ tags }) => Object.entries(tags).every(([key, value]) => having.get(key) === value));
    if (concerning.length === 0) return [];
    return [{ matchers, conf: mergeRouteConfs(concerning.map(({ conf }) => conf)), origins: concerning.map(({ origin }) => origin) }];
  });
}

/** The subsets as they were named, the more specific first, then by value. */
function named(confs: readonly TaggedConf[]): Matcher[][] {
  const subsets = new Map<string, Matcher[]>();
  for (const { tags } of confs) {
    const matchers = Object.entries(tags)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value, not: false }));
    subsets.set(JSON.stringify(matchers), matchers);
  }
  return [...subsets.values()].sort((a, b) => b.length - a.length || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Every combination of values of the tags, and of none of them; undefined where there are too many. */
function combinations(confs: readonly TaggedConf[]): Matcher[][] | undefined {
  const values = new Map<string, Set<string>>();
  for (const { tags } of confs) {
    for (const [key, value] of Object.entries(tags)) values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  let combined: Matcher[][] = [[]];
  for (const [key, known] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const choices: Matcher[][] = [...known].sort().map((value) => [{ key, value, not: false }]);
    choices.push([...known].sort().map((value) => ({ key, value, not: true })));
    combined = combined.flatMap((begun) => choices.map((choice) => [...begun, ...choice]));
    if (combined.length > COMBINATIONS_MAX) return undefined;
  }
  return combined;
}
