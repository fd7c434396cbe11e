import { isSelectorTagValue, isTagKey, type Resource, TAG_SERVICE, type Violations } from '@mesh/core';
import { checkSelectorTags, checkServiceTag, map, message, repeated, type Tags, text } from '@mesh/resources';

/** Chooses tag sets: every key must be there with the value, or with any value where it is `*`. */
export interface Selector {
  readonly match?: Tags;
}

/** Proto field of a list of selectors. */
export const selectorsField = repeated<Selector>(message<Selector>({ match: map(text) }));

/** How specific a selector is: the total counts first, then exact over `*` (contract/policies.md §1.1). */
export interface Rank {
  readonly exact: number;
  readonly wildcard: number;
}

/** True where the selector chooses the tags; an empty selector chooses all. */
export function selects(selector: Selector, tags: Tags): boolean {
  return Object.entries(selector.match ?? {}).every(([key, value]) => (value === '*' ? tags[key] !== undefined : tags[key] === value));
}

/** Counts the exact and the `*` tags of a selector. */
export function rankOf(selector: Selector): Rank {
  const values = Object.values(selector.match ?? {});
  const wildcard = values.filter((value) => value === '*').length;
  return { exact: values.length - wildcard, wildcard };
}

/** Negative where `a` is less specific than `b`. */
export function compareRanks(a: Rank, b: Rank): number {
  return a.exact + a.wildcard - (b.exact + b.wildcard) || a.exact - b.exact;
}

/** Rank of a source and a destination together. */
export function addRanks(a: Rank, b: Rank): Rank {
  return { exact: a.exact + b.exact, wildcard: a.wildcard + b.wildcard };
}

/** Rank of the most specific selector that chooses one of the tag sets; undefined where none does. */
export function bestRank(selectors: readonly Selector[] | undefined, tagSets: readonly Tags[]): Rank | undefined {
  let best: Rank | undefined;
  for (const selector of selectors ?? []) {
    if (!tagSets.some((tags) => selects(selector, tags))) continue;
    const rank = rankOf(selector);
    if (best === undefined || compareRanks(rank, best) > 0) best = rank;
  }
  return best;
}

/**
 * The policy that wins: highest rank, then the newer one, then the first by name. `ranked` must be
 * in order of names.
 */
export function winnerOf<Spec>(ranked: readonly { readonly policy: Resource<Spec>; readonly rank: Rank }[]): Resource<Spec> | undefined {
  let best: { readonly policy: Resource<Spec>; readonly rank: Rank } | undefined;
  for (const candidate of ranked) {
    const order = best ? compareRanks(candidate.rank, best.rank) : 1;
    if (order > 0 || (order === 0 && best && timeOf(candidate.policy) > timeOf(best.policy))) best = candidate;
  }
  return best?.policy;
}

function timeOf(policy: Resource<unknown>): number {
  return Date.parse(policy.meta.creationTime) || 0;
}

/** Reports an empty list of selectors, and selectors without or with bad tags. */
export function checkSelectors(selectors: readonly Selector[] | undefined, at: Violations): void {
  if (!selectors || selectors.length === 0) at.add('must have at least one element');
  for (const [i, selector] of (selectors ?? []).entries()) checkSelectorTags(selector.match, at.index(i).field('match'));
}

/** Reports what `checkSelectors` does, and selectors that leave the service open. */
export function checkServiceSelectors(selectors: readonly Selector[] | undefined, at: Violations): void {
  if (!selectors || selectors.length === 0) at.add('must have at least one element');
  for (const [i, { match }] of (selectors ?? []).entries()) {
    checkSelectorTags(match, at.index(i).field('match'));
    checkServiceTag(match, at.index(i).field('match'));
  }
}

/** Reports selectors that are not exactly one service, or `*` for any. */
export function checkOnlyServiceSelectors(selectors: readonly Selector[] | undefined, at: Violations): void {
  if (!selectors || selectors.length === 0) at.add('must have at least one element');
  for (const [i, { match = {} }] of (selectors ?? []).entries()) {
    const field = at.index(i).field('match');
    if (Object.keys(match).length !== 1 || match[TAG_SERVICE] === undefined) field.add(`must consist of exactly one tag "${TAG_SERVICE}"`);
    for (const [key, value] of Object.entries(match)) checkOnlyServiceTag(key, value, field);
    if (Object.keys(match).length > 0) checkServiceTag(match, field);
  }
}

function checkOnlyServiceTag(key: string, value: string, at: Violations): void {
  if (key === '') at.add('tag name must be non-empty');
  else if (!isTagKey(key)) at.key(key).add('tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores');
  if (key !== TAG_SERVICE) at.key(key).add(`tag "${key}" is not allowed`);
  if (value === '') at.key(key).add('tag value must be non-empty');
  else if (!isSelectorTagValue(value))
    at.key(key).add('tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"');
}
