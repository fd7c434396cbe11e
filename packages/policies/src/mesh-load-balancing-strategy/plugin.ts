import type { Matched, PolicyPlugin } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { confToRoute, confToService } from '../sdk/rules.js';
import { configureCluster, configureListener, configureRoute } from './configurer.js';
import type { BalancingConf, MeshLoadBalancingStrategySpec } from './schema.js';

interface MatchedStrategies extends Matched {
  readonly policies: MatchedPolicies<MeshLoadBalancingStrategySpec>;
}

/** Effect in Envoy: load balancers of the clusters of outbounds, and what of a request their routes hash. */
export const meshLoadBalancingStrategyPlugin: PolicyPlugin<MatchedStrategies> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshLoadBalancingStrategySpec>(context, proxy, 'MeshLoadBalancingStrategy');
    return { policies, outboundKey: policies.key };
  },

  configureOutbound({ policies }, { service, listener, routeOrigins }) {
    const conf = confToService<BalancingConf>(policies.all, service);
    if (conf) configureListener(listener, conf);
    for (const [route, origins] of routeOrigins) {
      const routeConf = confToRoute<BalancingConf>(policies.all, origins);
      if (routeConf) configureRoute(route, routeConf);
    }
  },

  configureCluster({ policies }, { service, cluster }) {
    const conf = confToService<BalancingConf>(policies.all, service);
    if (conf) configureCluster(cluster, conf);
  },
};
