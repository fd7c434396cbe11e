import type { Resource } from '@mesh/core';
import type { Matched, PolicyPlugin } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { inboundRules } from '../sdk/rules.js';
import { limitCluster, limitListener, parametersOf, setMode } from './configurer.js';
import type { MeshTlsSpec, TlsConf } from './schema.js';

interface MatchedTls extends Matched {
  readonly policies: MatchedPolicies<MeshTlsSpec>;
  /** What both ends of every connection in the mesh speak. */
  readonly wholeMesh: TlsConf;
}

/** Effect in Envoy: chains for plaintext on inbounds, TLS versions and ciphers on both ends. */
export const meshTlsPlugin: PolicyPlugin<MatchedTls> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshTlsSpec>(context, proxy, 'MeshTLS');
    const { tlsVersion, tlsCiphers } = confOf(policies.all) ?? {};
    const wholeMesh = { tlsVersion, tlsCiphers };
    return { policies, wholeMesh, outboundKey: JSON.stringify(wholeMesh), inboundKey: policies.inboundKey };
  },

  configureInbound({ policies, wholeMesh }, { inbound, listener, cluster }) {
    const mode = confOf(policies.forInbound(inbound))?.mode;
    if (mode) setMode(listener, cluster, mode);
    const parameters = parametersOf(wholeMesh);
    if (parameters) limitListener(listener, parameters);
  },

  configureCluster({ wholeMesh }, { cluster }) {
    const parameters = parametersOf(wholeMesh);
    if (parameters) limitCluster(cluster, parameters);
  },
};

function confOf(policies: readonly Resource<MeshTlsSpec>[]): TlsConf | undefined {
  return inboundRules<TlsConf>(policies).catchAll;
}
