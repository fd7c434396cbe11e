import { isDns1123Subdomain, type Violations } from '@mesh/core';
import { z } from 'zod';

/** Which callers an entry of `rules` is for. */
export const matchSchema = z.object({
  /** Id in the caller's certificate. */
  spiffeID: z.object({ type: z.enum(['Exact', 'Prefix']), value: z.string() }).optional(),
  /** Server name the caller asked for. */
  sni: z.object({ type: z.enum(['Exact']), value: z.string() }).optional(),
});

type Match = z.infer<typeof matchSchema>;

/** The lists of a policy that can be for inbounds. */
interface Lists {
  readonly from?: readonly unknown[] | undefined;
  readonly to?: readonly unknown[] | undefined;
  readonly rules?: readonly unknown[] | undefined;
}

/** Reports that none of `from`, `to` and `rules` is there. */
export function checkSomeList({ from = [], to = [], rules = [] }: Lists, at: Violations): void {
  if (from.length + to.length + rules.length === 0) at.add("at least one of 'from', 'to' or 'rules' has to be defined");
}

/** Reports `from` or `to` beside `rules`. */
export function checkOnlyRules({ from = [], to = [], rules = [] }: Lists, at: Violations): void {
  if (rules.length > 0 && from.length + to.length > 0) at.add("fields 'to' and 'from' must be empty when 'rules' is defined");
}

/** Reports `from` beside `rules`, in policies that may have `to` beside either. */
export function checkFromOrRules({ from = [], rules = [] }: Lists, at: Violations): void {
  if (rules.length > 0 && from.length > 0) at.add("field 'from' must be empty when 'rules' is defined");
}

/** Reports matches of a rule that choose nobody, or by something that is no id or name. */
export function checkMatches(matches: readonly Match[] | undefined, at: Violations, options: { readonly hollow?: boolean } = {}): void {
  for (const [i, match] of (matches ?? []).entries()) {
    if (!match.spiffeID && !match.sni && !options.hollow) at.index(i).add("must specify at least one of 'spiffeID' or 'sni'");
    checkMatch(match, at.index(i));
  }
}

/** Reports ids and server names that are none. */
export function checkMatch({ spiffeID, sni }: Match, at: Violations): void {
  // A prefix may end at a slash, so that it ends at a part of the path.
  const problem = spiffeID && spiffeProblem(spiffeID.type === 'Prefix' ? spiffeID.value.replace(/\/$/, '') : spiffeID.value);
  if (problem) at.field('spiffeID').add(`must be a valid Spiffe ID: ${problem}`);
  if (sni && !isDns1123Subdomain(sni.value)) at.field('sni').field('value').add(NOT_DNS);
}

/** True where a rule is for callers with certain ids only. */
export function choosesIds(matches: readonly Match[] | undefined): boolean {
  return matches?.some(({ spiffeID }) => spiffeID !== undefined) ?? false;
}

/** What is said of a setting of connections in a rule for callers with certain ids: those are not known yet then. */
export const NOT_BY_IDENTITY =
  "can't be specified when matches contain spiffeID because this field cannot be conditioned on source identity";

const NOT_DNS =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an " +
  "alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** What is wrong with a SPIFFE id; undefined where it is one (https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/). */
function spiffeProblem(id: string): string | undefined {
  if (id === '') return 'cannot be empty';
  if (!id.startsWith('spiffe://')) return 'scheme is missing or invalid';
  const [trustDomain = '', ...segments] = id.slice('spiffe://'.length).split('/');
  if (trustDomain === '') return 'trust domain is missing';
  if (!/^[a-z0-9._-]+$/.test(trustDomain))
    return 'trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores';
  for (const [i, segment] of segments.entries()) {
    if (segment === '' && i === segments.length - 1) return 'path cannot have a trailing slash';
    if (segment === '') return 'path cannot contain empty segments';
    if (segment === '.' || segment === '..') return 'path cannot contain dot segments';
    if (!/^[a-zA-Z0-9._-]+$/.test(segment)) return 'path segment characters are limited to letters, numbers, dots, dashes, and underscores';
  }
  return undefined;
}
