import type { Tags } from '@mesh/resources';
import type { Matched, PolicyPlugin } from '@mesh/xds';
import { backendsOf, backendTags } from '../sdk/backend-ref.js';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { concernsService } from '../sdk/rules.js';
import type { MeshTcpRouteSpec } from './schema.js';

interface MatchedTcpRoutes extends Matched {
  readonly policies: MatchedPolicies<MeshTcpRouteSpec>;
}

/**
 * Effect in Envoy: where the tcp proxy of an outbound leads. On a destination that speaks HTTP it
 * counts only where no MeshHTTPRoute does, which is asked first.
 */
export const meshTcpRoutePlugin: PolicyPlugin<MatchedTcpRoutes> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshTcpRouteSpec>(context, proxy, 'MeshTCPRoute');
    return { policies, outboundKey: policies.key };
  },

  routes({ policies }, { service }) {
    const entries = policies.all.flatMap(({ spec }) => (spec.to ?? []).filter((entry) => concernsService(entry.targetRef, service)));
    const rule = entries.findLast((entry) => (entry.rules ?? []).length > 0)?.rules?.[0];
    if (rule) {
      const backends = backendsOf(rule.default.backendRefs);
      if (backends.some((backend) => backend.weight > 0)) return { type: 'tcp', backends };
    }
    if (entries.length > 0) return { type: 'tcp', backends: backendsOf([{ kind: 'MeshService', name: service }]) };
    return policies.all.length > 0 ? 'implicit' : undefined;
  },

  destinations(context) {
    return context
      .policies<MeshTcpRouteSpec>('MeshTCPRoute')
      .flatMap(({ spec }) => (spec.to ?? []).flatMap((entry) => (entry.rules ?? []).flatMap((rule) => rule.default.backendRefs)))
      .map(backendTags)
      .filter((tags): tags is Tags => tags !== undefined);
  },
};
