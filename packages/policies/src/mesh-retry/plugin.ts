import type { Matched, PolicyPlugin } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { confToRoute, confToService } from '../sdk/rules.js';
import { configureListener, configureRoute } from './configurer.js';
import type { MeshRetrySpec, RetryConf } from './schema.js';

interface MatchedRetries extends Matched {
  readonly policies: MatchedPolicies<MeshRetrySpec>;
}

/** Effect in Envoy: retry policies of the routes of outbounds, connection attempts of their tcp proxies. */
export const meshRetryPlugin: PolicyPlugin<MatchedRetries> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshRetrySpec>(context, proxy, 'MeshRetry');
    return { policies, outboundKey: policies.key };
  },

  configureOutbound({ policies }, { service, protocol, listener, routeOrigins }) {
    const conf = confToService<RetryConf>(policies.all, service);
    if (conf) configureListener(listener, conf, protocol);
    for (const [route, origins] of routeOrigins) {
      const routeConf = confToRoute<RetryConf>(policies.all, origins);
      if (routeConf) configureRoute(route, routeConf, protocol);
    }
  },
};
