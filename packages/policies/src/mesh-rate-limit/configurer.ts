import { create } from '@bufbuild/protobuf';
import { LocalRateLimitSchema } from '@mesh/proto/envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit_pb.js';
import { type ChainModel, type ListenerModel, named, routesOf } from '@mesh/xds';
import { msOf } from '../sdk/fields.js';
import { addRequestLimits, bucketOf, hasRequestLimits, limitRoute, type RequestLimit } from '../sdk/rate-limits.js';
import { copyRoutesForCallers } from '../sdk/route-callers.js';
import type { InboundRules } from '../sdk/rules.js';
import type { HttpLimit, RateLimitConf, TcpLimit } from './schema.js';

const TCP_FILTER = 'envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit';
const SNI_STATE = 'kuma.mesh_rate_limit.match.sni';

/**
 * Limits of an inbound: of connections, of requests, and of requests of the callers that rules are
 * for. An inbound that a RateLimit is for keeps the limits of that.
 */
export function configureListener(listener: ListenerModel, { catchAll, matched }: InboundRules<RateLimitConf>): void {
  if (listener.chains.some(({ terminal }) => terminal.kind === 'http' && hasRequestLimits(terminal))) return;
  const limit = limitOf(catchAll?.local?.http);
  for (const chain of listener.chains) {
    limitConnections(chain, catchAll?.local?.tcp);
    if (chain.terminal.kind !== 'http') continue;
    if (limit || matched.length > 0) addRequestLimits(chain.terminal);
    for (const route of routesOf(chain.terminal)) limitRoute(route, limit);
  }
  copyRoutesForCallers(listener, matched, {
    sniKey: SNI_STATE,
    base: catchAll,
    configure: (route, { local }) => limitRoute(route, limitOf(local?.http)),
  });
}

function limitOf(http: HttpLimit | undefined): RequestLimit | undefined {
  if (!http?.requestRate || http.disabled) return undefined;
  const { num, interval } = http.requestRate;
  return { requests: num, intervalMs: msOf(interval) ?? 0, status: http.onRateLimit?.status, headers: http.onRateLimit?.headers };
}

function limitConnections(chain: ChainModel, tcp: TcpLimit | undefined): void {
  if (!tcp?.connectionRate || tcp.disabled) return;
  const tokenBucket = bucketOf(tcp.connectionRate.num, msOf(tcp.connectionRate.interval) ?? 0);
  const filter = create(LocalRateLimitSchema, { statPrefix: 'tcp_rate_limit', tokenBucket });
  chain.networkFilters = [...(chain.networkFilters ?? []), named(TCP_FILTER, LocalRateLimitSchema, filter)];
}
