import { clone, create } from '@bufbuild/protobuf';
import { HttpProtocolOptionsSchema } from '@mesh/proto/envoy/config/core/v3/protocol_pb.js';
import { HeaderMatcherSchema, type Route, RouteSchema } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { ConfigSchema as SetFilterStateSchema } from '@mesh/proto/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js';
import { FilterStateMatcherSchema } from '@mesh/proto/envoy/type/matcher/v3/filter_state_pb.js';
import {
  type ClusterModel,
  durationOf,
  type HttpTerminal,
  type ListenerModel,
  type NamedConfig,
  named,
  routeConfigOf,
  routesOf,
  setUpstreamTimeouts,
} from '@mesh/xds';
import { msOf } from '../sdk/fields.js';
import { mergeConfs } from '../sdk/merge.js';
import type { InboundRules, RuleMatch } from '../sdk/rules.js';
import type { TimeoutConf } from './schema.js';

const CONNECT_MS = 5_000;
const IDLE_MS = 3600_000;
const REQUEST_MS = 15_000;
const STREAM_IDLE_MS = 30 * 60_000;

/** Where the server name is kept on a connection (contract/policies.md §2.10). */
const SNI_STATE = 'kuma.mesh_timeout.match.sni';

/** Where Envoy tells the application who calls. */
const CERTIFICATE_HEADER = 'x-forwarded-client-cert';

/** Timeouts of a cluster; what the conf leaves out gets its default. */
export function configureCluster(cluster: ClusterModel, conf: TimeoutConf | undefined): void {
  cluster.message.connectTimeout = durationOf(msOf(conf?.connectionTimeout) ?? CONNECT_MS);
  if (cluster.protocol !== 'http' && cluster.protocol !== 'http2') return;
  setUpstreamTimeouts(cluster, {
    idleMs: msOf(conf?.idleTimeout) ?? IDLE_MS,
    maxConnectionMs: msOf(conf?.http?.maxConnectionDuration) ?? 0,
    maxStreamMs: msOf(conf?.http?.maxStreamDuration) ?? 0,
  });
}

/**
 * Timeouts of the chains of a listener. Without a conf the idle timeout of HTTP is still given up,
 * for it belongs to the cluster; the rest stays.
 */
export function configureListener(listener: ListenerModel, conf: TimeoutConf | undefined): void {
  for (const { terminal } of listener.chains) {
    if (terminal.kind === 'http') configureHttp(terminal, conf);
    else if (terminal.kind === 'tcp' && conf) terminal.proxy.idleTimeout = durationOf(msOf(conf.idleTimeout) ?? IDLE_MS);
  }
}

function configureHttp(terminal: HttpTerminal, conf: TimeoutConf | undefined): void {
  const { manager } = terminal;
  const common = manager.commonHttpProtocolOptions ?? create(HttpProtocolOptionsSchema);
  common.idleTimeout = durationOf(0);
  manager.commonHttpProtocolOptions = common;
  if (!conf) return;
  manager.requestHeadersTimeout = durationOf(msOf(conf.http?.requestHeadersTimeout) ?? 0);
  for (const route of routesOf(terminal)) {
    if (route.action.case !== 'route') continue;
    route.action.value.timeout = durationOf(msOf(conf.http?.requestTimeout) ?? REQUEST_MS);
    const streamIdleMs = msOf(conf.http?.streamIdleTimeout);
    if (streamIdleMs !== undefined) route.action.value.idleTimeout = durationOf(streamIdleMs);
    else route.action.value.idleTimeout ??= durationOf(STREAM_IDLE_MS);
  }
}

/**
 * Gives callers that a rule matches timeouts of their own: each route gets a copy in front, most
 * specific callers first, with what all rules that match them say. Callers are known from the
 * client certificate header, which Envoy writes itself on the chains that authenticate them, the
 * server name they asked for from the TLS hello. A rule for a server name alone has no effect.
 */
export function configureCallers(listener: ListenerModel, matched: InboundRules<TimeoutConf>['matched']): void {
  const rules = matched.filter(({ match }) => match.spiffeID).sort((a, b) => specificity(b.match) - specificity(a.match));
  const bySni = rules.some(({ match }) => match.sni);
  if (bySni) listener.inspectTls = true;
  for (const chain of listener.chains) {
    if (!chain.authenticated || chain.terminal.kind !== 'http') continue;
    if (bySni) chain.networkFilters = [...(chain.networkFilters ?? []), rememberSni()];
    for (const host of routeConfigOf(chain.terminal)?.virtualHosts ?? []) {
      const copies = rules.map(({ match }) => ({
        match,
        conf: mergeConfs(
          rules
            .filter((rule) => subsumes(rule.match, match))
            .map(({ conf }) => conf)
            .reverse(),
        ),
      }));
      host.routes = host.routes.flatMap((route) => [...copies.map(({ match, conf }) => routeForCaller(route, match, conf ?? {})), route]);
    }
  }
}

function routeForCaller(route: Route, { spiffeID, sni }: RuleMatch, conf: TimeoutConf): Route {
  const copy = clone(RouteSchema, route);
  const escaped = (spiffeID?.value ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const regex = `(?:.*;)?URI=${escaped}${spiffeID?.type === 'Prefix' ? '.*' : '(?:[;,].*)?'}`;
  const value = { matchPattern: { case: 'safeRegex' as const, value: { regex } } };
  copy.match?.headers.push(create(HeaderMatcherSchema, { name: CERTIFICATE_HEADER, headerMatchSpecifier: { case: 'stringMatch', value } }));
  if (sni) {
    const matcher = { case: 'stringMatch' as const, value: { matchPattern: { case: 'exact' as const, value: sni.value } } };
    copy.match?.filterState.push(create(FilterStateMatcherSchema, { key: SNI_STATE, matcher }));
  }
  configureRoute(copy, conf);
  return copy;
}

/** Timeouts of one route; what the conf leaves out stays as it is. */
export function configureRoute(route: Route, conf: TimeoutConf): void {
  if (route.action.case !== 'route') return;
  const requestMs = msOf(conf.http?.requestTimeout);
  const streamIdleMs = msOf(conf.http?.streamIdleTimeout);
  if (requestMs !== undefined) route.action.value.timeout = durationOf(requestMs);
  if (streamIdleMs !== undefined) route.action.value.idleTimeout = durationOf(streamIdleMs);
}

/** Keeps the server name of the TLS hello where routes can see it. */
function rememberSni(): NamedConfig {
  const inlineString = { case: 'inlineString' as const, value: '%REQUESTED_SERVER_NAME%' };
  const format = { format: { case: 'textFormatSource' as const, value: { specifier: inlineString } }, omitEmptyValues: true };
  const value = {
    key: { case: 'objectKey' as const, value: SNI_STATE },
    factoryKey: 'envoy.string',
    value: { case: 'formatString' as const, value: format },
  };
  return named('envoy.filters.network.set_filter_state', SetFilterStateSchema, create(SetFilterStateSchema, { onNewConnection: [value] }));
}

/** Exact over prefix, longer over shorter, then with a server name over without. */
function specificity({ spiffeID, sni }: RuleMatch): number {
  return (spiffeID?.type === 'Exact' ? 1_000_000 : 0) + 2 * (spiffeID?.value.length ?? 0) + (sni ? 1 : 0);
}

/** True where whoever matches the narrow one matches the wide one too. */
function subsumes(wide: RuleMatch, narrow: RuleMatch): boolean {
  if (wide.sni && wide.sni.value !== narrow.sni?.value) return false;
  if (wide.spiffeID?.type === 'Prefix') return narrow.spiffeID?.value.startsWith(wide.spiffeID.value) ?? false;
  return narrow.spiffeID?.type === 'Exact' && narrow.spiffeID.value === wide.spiffeID?.value;
}
