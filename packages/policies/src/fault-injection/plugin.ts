import type { Resource } from '@mesh/core';
import type { Matched, PolicyPlugin } from '@mesh/xds';
import { protoMs } from '../sdk/connection-policy.js';
import { addFaults, type FaultSettings } from '../sdk/faults.js';
import { policiesForInbound } from '../sdk/inbound-policies.js';
import { selectorsMatcher, tagsHeaderOf, tellTags } from '../sdk/tags-header.js';
import type { FaultInjectionSpec } from './schema.js';

interface MatchedFaults extends Matched {
  readonly policies: readonly Resource<FaultInjectionSpec>[];
  /** Told to those who are called, where there are policies that look at it. */
  readonly ownTags: string | undefined;
}

/** Effect in Envoy: fault filters of inbounds that speak HTTP, by the tags that outbounds tell; stronger than MeshFaultInjection. */
export const faultInjectionPlugin: PolicyPlugin<MatchedFaults> = {
  match(context, proxy) {
    const policies = context.policies<FaultInjectionSpec>('FaultInjection');
    const ownTags = policies.length > 0 ? tagsHeaderOf(proxy) : undefined;
    return { policies, ownTags, outboundKey: ownTags ?? '', inboundKey: policies.map((policy) => context.idOf(policy)).join() };
  },

  configureInbound({ policies }, { inbound, listener }) {
    const faults = policiesForInbound(policies, inbound).map(({ spec }) => ({
      faults: [settingsOf(spec.conf ?? {})],
      headers: [selectorsMatcher(spec.sources)],
    }));
    for (const { terminal } of listener.chains) if (terminal.kind === 'http') addFaults(terminal, faults);
  },

  configureOutbound({ ownTags }, { listener }) {
    if (ownTags !== undefined) tellTags(listener, ownTags);
  },
};

function settingsOf({ abort, delay, responseBandwidth }: NonNullable<FaultInjectionSpec['conf']>): FaultSettings {
  return {
    abort: abort?.httpStatus === undefined ? undefined : { httpStatus: abort.httpStatus, percentage: abort.percentage ?? 0 },
    delay: delay?.value === undefined ? undefined : { ms: protoMs(delay.value) ?? 0, percentage: delay.percentage ?? 0 },
    responseBandwidth: responseBandwidth?.limit
      ? { limit: responseBandwidth.limit, percentage: responseBandwidth.percentage ?? 0 }
      : undefined,
  };
}
