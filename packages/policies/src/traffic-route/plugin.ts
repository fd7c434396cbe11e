import { type Resource, TAG_SERVICE } from '@mesh/core';
import type { Tags } from '@mesh/resources';
import { type Matched, type PolicyPlugin, protocolOfService, type SidecarProxy } from '@mesh/xds';
import { addRanks, bestRank, type Rank, winnerOf } from '../sdk/selectors.js';
import { destinationsOf, routesOfConf } from './routes.js';
import type { TrafficRouteSpec } from './schema.js';

interface Candidate {
  readonly policy: Resource<TrafficRouteSpec>;
  readonly rank: Rank;
}

interface MatchedTrafficRoutes extends Matched {
  /** Policies with a source that selects the proxy, in order of names. */
  readonly candidates: readonly Candidate[];
}

/** Effect in Envoy: routes, weights and load balancing of outbounds; yields to the newer route policies. */
export const trafficRoutePlugin: PolicyPlugin<MatchedTrafficRoutes> = {
  match(context, proxy) {
    const tagSets = tagSetsOf(proxy);
    const candidates: Candidate[] = [];
    for (const policy of context.policies<TrafficRouteSpec>('TrafficRoute')) {
      const rank = bestRank(policy.spec.sources, tagSets);
      if (rank) candidates.push({ policy, rank });
    }
    const outboundKey = candidates.map(({ policy, rank }) => `${context.idOf(policy)}:${rank.exact}:${rank.wildcard}`).join(',');
    return { candidates, outboundKey };
  },

  routes({ candidates }, { context, tags, service }) {
    const winner = winnerFor(candidates, service);
    if (!winner?.spec.conf) return undefined;
    return { ...routesOfConf(winner.spec.conf, { tags, protocolOf: (name) => protocolOfService(context, name) }), legacy: true };
  },

  destinations(context) {
    return context.policies<TrafficRouteSpec>('TrafficRoute').flatMap(({ spec }) => (spec.conf ? destinationsOf(spec.conf) : []));
  },
};

function tagSetsOf({ dataplane, inbounds }: SidecarProxy): Tags[] {
  const gateway = dataplane.spec.networking?.gateway?.tags;
  return [...inbounds.map((inbound) => inbound.tags), ...(gateway ? [gateway] : [])];
}

/** One policy per proxy and destination: the highest rank of source and destination together. */
function winnerFor(candidates: readonly Candidate[], service: string): Resource<TrafficRouteSpec> | undefined {
  const ranked: Candidate[] = [];
  for (const { policy, rank } of candidates) {
    const destination = bestRank(policy.spec.destinations, [{ [TAG_SERVICE]: service }]);
    if (destination) ranked.push({ policy, rank: addRanks(rank, destination) });
  }
  return winnerOf(ranked);
}
