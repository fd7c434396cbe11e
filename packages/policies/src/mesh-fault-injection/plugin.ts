import { type Resource, TAG_SERVICE, type TargetRef } from '@mesh/core';
import type { Tags } from '@mesh/resources';
import { type Matched, type MeshContext, type PolicyPlugin } from '@mesh/xds';
import { addFaults, type Faults } from '../sdk/faults.js';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { callerMatcher } from '../sdk/route-callers.js';
import { inboundRules } from '../sdk/rules.js';
import { tagsHeaderOf, tellTags } from '../sdk/tags-header.js';
import { faultsByTags, settingsOf } from './configurer.js';
import type { FaultConf, MeshFaultInjectionSpec } from './schema.js';

interface MatchedFaults extends Matched {
  readonly policies: MatchedPolicies<MeshFaultInjectionSpec>;
  /** Told to those who are called, where some of them look at it. */
  readonly ownTags: string | undefined;
}

/**
 * Effect in Envoy: fault filters of inbounds that speak HTTP. Where a policy of the mesh chooses callers by their
 * tags, outbounds tell them.
 */
export const meshFaultInjectionPlugin: PolicyPlugin<MatchedFaults> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshFaultInjectionSpec>(context, proxy, 'MeshFaultInjection');
    const ownTags = looksAtTags(context) ? tagsHeaderOf(proxy) : undefined;
    return { policies, ownTags, outboundKey: ownTags ?? '', inboundKey: policies.inboundKey };
  },

  configureInbound({ policies }, { inbound, listener }) {
    const faults = faultsOf(policies.forInbound(inbound));
    for (const { terminal } of listener.chains) if (terminal.kind === 'http') addFaults(terminal, faults);
  },

  configureOutbound({ ownTags }, { listener }) {
    if (ownTags !== undefined) tellTags(listener, ownTags);
  },
};

function looksAtTags(context: MeshContext): boolean {
  return context.policies<MeshFaultInjectionSpec>('MeshFaultInjection').some(({ spec }) => (spec.from ?? []).length > 0);
}

/** Where there are rules, `from` is not looked at. */
function faultsOf(policies: readonly Resource<MeshFaultInjectionSpec>[]): Faults[] {
  if (!policies.some(({ spec }) => (spec.rules ?? []).length > 0)) {
    const entries = policies.flatMap(({ spec }) => spec.from ?? []);
    return faultsByTags(entries.map(({ targetRef, default: conf }) => ({ tags: callersOf(targetRef), faults: conf.http ?? [] })));
  }
  const rules = policies.map((policy) => ({ ...policy, spec: { rules: policy.spec.rules } }));
  const { matched, catchAll } = inboundRules<FaultConf>(rules);
  const byCaller = matched.flatMap(({ match, conf }) =>
    match.spiffeID && !match.sni ? [{ faults: settingsOf(conf.http), headers: [callerMatcher(match.spiffeID)] }] : [],
  );
  return [...byCaller, ...(catchAll?.http ? [{ faults: settingsOf(catchAll.http), headers: [] }] : [])];
}

/** Tags that an entry of `from` asks of callers. */
function callersOf(ref: TargetRef): Tags {
  return { ...ref.tags, ...(ref.name ? { [TAG_SERVICE]: ref.name } : {}) };
}
