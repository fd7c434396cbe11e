import type { Matched, PolicyPlugin } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { confToService, inboundRules } from '../sdk/rules.js';
import { configureCluster } from './configurer.js';
import type { CircuitBreakerConf, MeshCircuitBreakerSpec } from './schema.js';

interface MatchedCircuitBreakers extends Matched {
  readonly policies: MatchedPolicies<MeshCircuitBreakerSpec>;
}

/** Effect in Envoy: bounds and outlier detection of the clusters of outbounds and of the local application. */
export const meshCircuitBreakerPlugin: PolicyPlugin<MatchedCircuitBreakers> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshCircuitBreakerSpec>(context, proxy, 'MeshCircuitBreaker');
    return { policies, outboundKey: policies.key, inboundKey: policies.inboundKey };
  },

  configureInbound({ policies }, { inbound, cluster }) {
    configureCluster(cluster, inboundRules<CircuitBreakerConf>(policies.forInbound(inbound)).catchAll);
  },

  configureCluster({ policies }, { service, cluster }) {
    configureCluster(cluster, confToService<CircuitBreakerConf>(policies.all, service));
  },
};
