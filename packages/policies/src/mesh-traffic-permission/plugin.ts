import type { Resource } from '@mesh/core';
import type { ChainModel, Matched, PolicyPlugin } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { callersOf } from './callers.js';
import { filtersFromCallers, filtersFromRules, usesSni } from './configurer.js';
import type { MeshTrafficPermissionSpec } from './schema.js';

interface MatchedPermissions extends Matched {
  readonly policies: MatchedPolicies<MeshTrafficPermissionSpec>;
}

/**
 * Effect in Envoy: RBAC filters in front of inbounds that authenticate callers, in place of what a
 * TrafficPermission put there. An inbound that no policy selects keeps what it has: the filter of a
 * TrafficPermission, or nobody gets in.
 */
export const meshTrafficPermissionPlugin: PolicyPlugin<MatchedPermissions> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshTrafficPermissionSpec>(context, proxy, 'MeshTrafficPermission');
    return { policies, outboundKey: '', inboundKey: policies.inboundKey };
  },

  configureInbound({ policies }, { context, inbound, listener }) {
    const matched = policies.forInbound(inbound);
    if (matched.length === 0) return;
    for (const chain of listener.chains) {
      if (chain.authenticated) authorize(matched, chain, { mesh: context.name, listener: listener.name });
    }
    if (usesSni(matched)) listener.inspectTls = true;
  },

  configureExternal({ policies }, { context, inbound, listener, chain }) {
    const matched = policies.forInbound(inbound);
    if (matched.length > 0) authorize(matched, chain, { mesh: context.name, listener });
  },
};

function authorize(
  matched: readonly Resource<MeshTrafficPermissionSpec>[],
  chain: ChainModel,
  { mesh, listener }: { readonly mesh: string; readonly listener: string },
): void {
  const place = { mesh, listener, http: chain.terminal.kind === 'http' };
  const byRules = matched.filter(({ spec }) => (spec.rules ?? []).length > 0);
  const callers = matched.flatMap(({ spec }) =>
    (spec.from ?? []).map((entry) => ({ tags: callersOf(entry.targetRef), action: entry.default.action ?? 'Deny' })),
  );
  chain.authorization = byRules.length > 0 ? filtersFromRules(byRules, place) : filtersFromCallers(callers, place);
}
