import type { Matched, PolicyPlugin } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { inboundRules } from '../sdk/rules.js';
import { configureListener } from './configurer.js';
import type { MeshRateLimitSpec, RateLimitConf } from './schema.js';

interface MatchedRateLimits extends Matched {
  readonly policies: MatchedPolicies<MeshRateLimitSpec>;
}

/** Effect in Envoy: local limits of connections and requests on inbounds. */
export const meshRateLimitPlugin: PolicyPlugin<MatchedRateLimits> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshRateLimitSpec>(context, proxy, 'MeshRateLimit');
    return { policies, outboundKey: '', inboundKey: policies.inboundKey };
  },

  configureInbound({ policies }, { inbound, listener }) {
    configureListener(listener, inboundRules<RateLimitConf>(policies.forInbound(inbound)));
  },
};
