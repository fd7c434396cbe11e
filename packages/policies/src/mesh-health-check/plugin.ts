import type { Matched, PolicyPlugin } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { keyWith } from '../sdk/outbound-key.js';
import { confToService } from '../sdk/rules.js';
import { tagsHeaderOf } from '../sdk/tags-header.js';
import { configureCluster } from './configurer.js';
import type { HealthCheckConf, MeshHealthCheckSpec } from './schema.js';

interface MatchedHealthChecks extends Matched {
  readonly policies: MatchedPolicies<MeshHealthCheckSpec>;
  /** Sent with HTTP checks, so that they are let in like the requests of this proxy. */
  readonly callerTags: string | undefined;
}

/** Effect in Envoy: active health checks of the clusters of outbounds. */
export const meshHealthCheckPlugin: PolicyPlugin<MatchedHealthChecks> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshHealthCheckSpec>(context, proxy, 'MeshHealthCheck');
    const callerTags = tagsHeaderOf(proxy);
    const usesTags = policies.all.some(({ spec }) => spec.to?.some((entry) => entry.default.http));
    return { policies, callerTags, outboundKey: usesTags ? keyWith(policies.key, callerTags ?? '') : policies.key };
  },

  configureCluster({ policies, callerTags }, { service, cluster }) {
    const conf = confToService<HealthCheckConf>(policies.all, service);
    if (conf) configureCluster(cluster, conf, callerTags);
  },
};
