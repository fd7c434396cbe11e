import { clone } from '@bufbuild/protobuf';
import type { Resource } from '@mesh/core';
import { RouteSchema } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { type HttpTerminal, type Matched, type PolicyPlugin, routeConfigOf } from '@mesh/xds';
import { protoMs } from '../sdk/connection-policy.js';
import { policiesForInbound } from '../sdk/inbound-policies.js';
import { addRequestLimits, limitRoute, type RequestLimit } from '../sdk/rate-limits.js';
import { selectorsMatcher, tagsHeaderOf, tellTags } from '../sdk/tags-header.js';
import type { RateLimitSpec } from './schema.js';

interface MatchedRateLimits extends Matched {
  readonly policies: readonly Resource<RateLimitSpec>[];
  /** Told to those who are called, where there are policies that look at it. */
  readonly ownTags: string | undefined;
}

/** Effect in Envoy: limits on routes of inbounds, by the tags that outbounds tell; stronger than MeshRateLimit. */
export const rateLimitPlugin: PolicyPlugin<MatchedRateLimits> = {
  match(context, proxy) {
    const policies = context.policies<RateLimitSpec>('RateLimit');
    const ownTags = policies.length > 0 ? tagsHeaderOf(proxy) : undefined;
    return { policies, ownTags, outboundKey: ownTags ?? '', inboundKey: policies.map((policy) => context.idOf(policy)).join() };
  },

  configureInbound({ policies }, { inbound, listener }) {
    const limiting = policiesForInbound(policies, inbound).filter(({ spec }) => limitOf(spec) !== undefined);
    if (limiting.length === 0) return;
    for (const { terminal } of listener.chains) if (terminal.kind === 'http') limitCallers(terminal, limiting);
  },

  configureOutbound({ ownTags }, { listener }) {
    if (ownTags !== undefined) tellTags(listener, ownTags);
  },
};

/** Each route gets a copy in front for the callers of each policy. */
function limitCallers(terminal: HttpTerminal, policies: readonly Resource<RateLimitSpec>[]): void {
  addRequestLimits(terminal);
  for (const host of routeConfigOf(terminal)?.virtualHosts ?? []) {
    host.routes = host.routes.flatMap((route) => [
      ...policies.map(({ spec }) => {
        const copy = clone(RouteSchema, route);
        copy.match?.headers.push(selectorsMatcher(spec.sources));
        limitRoute(copy, limitOf(spec));
        return copy;
      }),
      route,
    ]);
  }
}

function limitOf({ conf }: RateLimitSpec): RequestLimit | undefined {
  const { requests = 0, interval, onRateLimit } = conf?.http ?? {};
  const intervalMs = protoMs(interval) ?? 0;
  if (requests === 0 || intervalMs < INTERVAL_MIN_MS) return undefined;
  const headers = (append: boolean) =>
    (onRateLimit?.headers ?? [])
      .filter((header) => (header.append ?? true) === append)
      .map(({ key = '', value = '' }) => ({ name: key, value }));
  return { requests, intervalMs, status: onRateLimit?.status, headers: { set: headers(false), add: headers(true) } };
}

/** Envoy refills no bucket more often. */
const INTERVAL_MIN_MS = 50;
