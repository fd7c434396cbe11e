import { create } from '@bufbuild/protobuf';
import { packAny } from '@mesh/proto';
import type { Route } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { LocalRateLimitSchema } from '@mesh/proto/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js';
import type { StatusCode } from '@mesh/proto/envoy/type/v3/http_status_pb.js';
import { durationOf, type HttpTerminal, named } from '@mesh/xds';
import type { HeaderChangesSpec } from './fields.js';
import { headerOptions } from './header-options.js';

const FILTER = 'envoy.filters.http.local_ratelimit';
const EVERYBODY = { numerator: 100 };

/** So many requests in each interval. */
export interface RequestLimit {
  readonly requests: number;
  readonly intervalMs: number;
  /** Status of the refusal; 429 where left out. */
  readonly status?: number | undefined;
  /** Headers of the refusal. */
  readonly headers?: HeaderChangesSpec | undefined;
}

/** True where some policy limits requests of a connection manager already. */
export function hasRequestLimits({ filters }: HttpTerminal): boolean {
  return filters.some(({ name }) => name === FILTER);
}

/** Puts the filter in front of the router; it does nothing on routes without a limit. */
export function addRequestLimits({ filters }: HttpTerminal): void {
  const filter = named(FILTER, LocalRateLimitSchema, create(LocalRateLimitSchema, { statPrefix: 'rate_limit' }));
  filters.splice(filters.length - 1, 0, filter);
}

/** Limits a route; without a limit it takes all requests. */
export function limitRoute(route: Route, limit: RequestLimit | undefined): void {
  delete route.typedPerFilterConfig[FILTER];
  if (!limit) return;
  const config = create(LocalRateLimitSchema, {
    statPrefix: 'rate_limit',
    ...(limit.status === undefined ? {} : { status: { code: limit.status as StatusCode } }),
    tokenBucket: bucketOf(limit.requests, limit.intervalMs),
    filterEnabled: { defaultValue: EVERYBODY, runtimeKey: 'local_rate_limit_enabled' },
    filterEnforced: { defaultValue: EVERYBODY, runtimeKey: 'local_rate_limit_enforced' },
    responseHeadersToAdd: headerOptions(limit.headers ?? {}),
  });
  route.typedPerFilterConfig[FILTER] = packAny(LocalRateLimitSchema, config);
}

/** A bucket that is full at first and once more after each interval. */
export function bucketOf(tokens: number, intervalMs: number) {
  return { maxTokens: tokens, tokensPerFill: tokens, fillInterval: durationOf(intervalMs) };
}
