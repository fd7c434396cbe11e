import { create } from '@bufbuild/protobuf';
import { HttpProtocolOptionsSchema } from '@mesh/proto/envoy/config/core/v3/protocol_pb.js';
import type { Route } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { type ClusterModel, durationOf, type HttpTerminal, type ListenerModel, routesOf, setUpstreamTimeouts } from '@mesh/xds';
import { msOf } from '../sdk/fields.js';
import { copyRoutesForCallers } from '../sdk/route-callers.js';
import type { InboundRules } from '../sdk/rules.js';
import type { TimeoutConf } from './schema.js';

const CONNECT_MS = 5_000;
const IDLE_MS = 3600_000;
const REQUEST_MS = 15_000;
const STREAM_IDLE_MS = 30 * 60_000;

/** Where the server name is kept on a connection (contract/policies.md §2.10). */
const SNI_STATE = 'kuma.mesh_timeout.match.sni';

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
 * Gives callers that a rule matches timeouts of their own: each route gets a copy in front, with what
 * all rules that match them say. A rule for a server name alone has no effect.
 */
export function configureCallers(listener: ListenerModel, matched: InboundRules<TimeoutConf>['matched']): void {
  copyRoutesForCallers(listener, matched, { sniKey: SNI_STATE, configure: configureRoute });
}

/** Timeouts of one route; what the conf leaves out stays as it is. */
export function configureRoute(route: Route, conf: TimeoutConf): void {
  if (route.action.case !== 'route') return;
  const requestMs = msOf(conf.http?.requestTimeout);
  const streamIdleMs = msOf(conf.http?.streamIdleTimeout);
  if (requestMs !== undefined) route.action.value.timeout = durationOf(requestMs);
  if (streamIdleMs !== undefined) route.action.value.idleTimeout = durationOf(streamIdleMs);
}
