import type { Resource } from '@mesh/core';
import type { InboundInterface } from '@mesh/xds';
import type { ConnectionSpec } from './connection-policy.js';
import { compareRanks, rankOf, selects } from './selectors.js';

/**
 * All policies with a destination that chooses an inbound: those whose first source is more specific
 * first, the newer of equals (contract/policies.md §1.1).
 */
export function policiesForInbound<Spec extends ConnectionSpec>(
  policies: readonly Resource<Spec>[],
  { tags }: InboundInterface,
): Resource<Spec>[] {
  const rank = ({ spec }: Resource<Spec>) => rankOf(spec.sources?.[0] ?? {});
  const time = ({ meta }: Resource<Spec>) => Date.parse(meta.creationTime) || 0;
  return policies
    .filter(({ spec }) => spec.destinations?.some((selector) => selects(selector, tags)))
    .sort((a, b) => compareRanks(rank(b), rank(a)) || time(b) - time(a));
}
