import type { Matched, PolicyPlugin } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { confToRoute, confToService, inboundRules } from '../sdk/rules.js';
import { configureCallers, configureCluster, configureListener, configureRoute } from './configurer.js';
import type { MeshTimeoutSpec, TimeoutConf } from './schema.js';

interface MatchedTimeouts extends Matched {
  readonly policies: MatchedPolicies<MeshTimeoutSpec>;
}

/** Effect in Envoy: connect, idle and request timeouts of inbounds, outbounds and their clusters. */
export const meshTimeoutPlugin: PolicyPlugin<MatchedTimeouts> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshTimeoutSpec>(context, proxy, 'MeshTimeout');
    return { policies, outboundKey: policies.key, inboundKey: policies.inboundKey };
  },

  configureInbound({ policies }, { inbound, listener, cluster }) {
    const { catchAll, matched } = inboundRules<TimeoutConf>(policies.forInbound(inbound));
    if (catchAll || matched.length === 0) {
      configureCluster(cluster, catchAll ?? {});
      configureListener(listener, catchAll ?? {});
    }
    configureCallers(listener, matched);
  },

  configureOutbound({ policies }, { service, listener, routeOrigins }) {
    configureListener(listener, confToService<TimeoutConf>(policies.all, service));
    for (const [route, origins] of routeOrigins) {
      const conf = confToRoute<TimeoutConf>(policies.all, origins);
      if (conf) configureRoute(route, conf);
    }
  },

  configureCluster({ policies }, { service, cluster }) {
    configureCluster(cluster, confToService<TimeoutConf>(policies.all, service));
  },
};
