import { create } from '@bufbuild/protobuf';
import { packAny } from '@mesh/proto';
import type { Route } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { LocalRateLimitSchema as HttpLimitSchema } from '@mesh/proto/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js';
import { LocalRateLimitSchema as TcpLimitSchema } from '@mesh/proto/envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit_pb.js';
import type { StatusCode } from '@mesh/proto/envoy/type/v3/http_status_pb.js';
import { type ChainModel, durationOf, type HttpTerminal, type ListenerModel, named, routesOf } from '@mesh/xds';
import { msOf } from '../sdk/fields.js';
import { headerOptions } from '../sdk/header-options.js';
import { copyRoutesForCallers } from '../sdk/route-callers.js';
import type { InboundRules } from '../sdk/rules.js';
import type { HttpLimit, RateLimitConf, TcpLimit } from './schema.js';

const HTTP_FILTER = 'envoy.filters.http.local_ratelimit';
const TCP_FILTER = 'envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit';
const SNI_STATE = 'kuma.mesh_rate_limit.match.sni';
const EVERYBODY = { numerator: 100 };

type Rate = NonNullable<HttpLimit['requestRate']>;

/** Limits of an inbound: of connections, of requests, and of requests of the callers that rules are for. */
export function configureListener(listener: ListenerModel, { catchAll, matched }: InboundRules<RateLimitConf>): void {
  const http = catchAll?.local?.http;
  for (const chain of listener.chains) {
    limitConnections(chain, catchAll?.local?.tcp);
    if (chain.terminal.kind !== 'http') continue;
    if (isLimit(http) || matched.length > 0) addFilter(chain.terminal);
    if (isLimit(http)) for (const route of routesOf(chain.terminal)) limitRoute(route, http);
  }
  copyRoutesForCallers(listener, matched, {
    sniKey: SNI_STATE,
    base: catchAll,
    configure: (route, { local }) => {
      delete route.typedPerFilterConfig[HTTP_FILTER];
      if (isLimit(local?.http)) limitRoute(route, local.http);
    },
  });
}

function isLimit(http: HttpLimit | undefined): http is HttpLimit & { readonly requestRate: Rate } {
  return http?.requestRate !== undefined && !http.disabled;
}

function limitConnections(chain: ChainModel, tcp: TcpLimit | undefined): void {
  if (!tcp?.connectionRate || tcp.disabled) return;
  const filter = create(TcpLimitSchema, { statPrefix: 'tcp_rate_limit', tokenBucket: bucketOf(tcp.connectionRate) });
  chain.networkFilters = [...(chain.networkFilters ?? []), named(TCP_FILTER, TcpLimitSchema, filter)];
}

/** In front of the router; it does nothing on routes without a limit. */
function addFilter({ filters }: HttpTerminal): void {
  const filter = named(HTTP_FILTER, HttpLimitSchema, create(HttpLimitSchema, { statPrefix: 'rate_limit' }));
  filters.splice(filters.length - 1, 0, filter);
}

function limitRoute(route: Route, { requestRate, onRateLimit }: HttpLimit & { readonly requestRate: Rate }): void {
  const limit = create(HttpLimitSchema, {
    statPrefix: 'rate_limit',
    ...(onRateLimit?.status === undefined ? {} : { status: { code: onRateLimit.status as StatusCode } }),
    tokenBucket: bucketOf(requestRate),
    filterEnabled: { defaultValue: EVERYBODY, runtimeKey: 'local_rate_limit_enabled' },
    filterEnforced: { defaultValue: EVERYBODY, runtimeKey: 'local_rate_limit_enforced' },
    responseHeadersToAdd: headerOptions(onRateLimit?.headers ?? {}),
  });
  route.typedPerFilterConfig[HTTP_FILTER] = packAny(HttpLimitSchema, limit);
}

function bucketOf({ num, interval }: Rate) {
  return { maxTokens: num, tokensPerFill: num, fillInterval: durationOf(msOf(interval) ?? 0) };
}
