import type { Matched, PolicyPlugin, SidecarProxy } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { keyWith } from '../sdk/outbound-key.js';
import { confToService, inboundRules } from '../sdk/rules.js';
import { addLogs, type LogSubject } from './configurer.js';
import type { AccessLogConf, MeshAccessLogSpec } from './schema.js';

interface MatchedAccessLogs extends Matched {
  readonly policies: MatchedPolicies<MeshAccessLogSpec>;
  /** The proxy, as its logs tell of it. */
  readonly own: Omit<LogSubject, 'source' | 'destination'> & { readonly service: string };
}

/** Nobody has told yet who calls. */
const UNKNOWN = 'unknown';

/** Effect in Envoy: access logs of the connection managers and tcp proxies of inbounds and outbounds. */
export const meshAccessLogPlugin: PolicyPlugin<MatchedAccessLogs> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshAccessLogSpec>(context, proxy, 'MeshAccessLog');
    const own = subjectOf(context.name, proxy);
    const speaksOfItself = policies.all.some(({ spec }) => (spec.to ?? []).length > 0);
    const outboundKey = speaksOfItself ? keyWith(policies.key, JSON.stringify(own)) : policies.key;
    const inboundKey = policies.inboundKey === '' ? '' : `${policies.inboundKey}|${JSON.stringify(own)}`;
    return { policies, own, outboundKey, inboundKey };
  },

  configureInbound({ policies, own }, { inbound, listener }) {
    const { catchAll, matched } = inboundRules<AccessLogConf>(policies.forInbound(inbound));
    const subject = { ...own, source: UNKNOWN, destination: inbound.service };
    for (const { match, conf } of matched) addLogs(listener, conf, { subject, match });
    if (matched.some(({ match }) => match.sni)) listener.inspectTls = true;
    if (catchAll) addLogs(listener, catchAll, { subject });
  },

  configureOutbound({ policies, own }, { service, listener }) {
    const conf = confToService<AccessLogConf>(policies.all, service);
    if (conf) addLogs(listener, conf, { subject: { ...own, source: own.service, destination: service } });
  },
};

function subjectOf(mesh: string, { dataplane, inbounds, zone }: SidecarProxy): MatchedAccessLogs['own'] {
  const gateway = dataplane.spec.networking?.gateway?.tags;
  const service = inbounds[0]?.service ?? gateway?.['kuma.io/service'] ?? UNKNOWN;
  const workload = dataplane.meta.labels['kuma.io/workload'] ?? '';
  return { mesh, zone, service, address: dataplane.spec.networking?.address ?? '', workload };
}
