import { createHash } from 'node:crypto';
import { type Resource, TAG_SERVICE } from '@mesh/core';
import type { SnapshotResource } from '@mesh/delta';
import type { Route } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '@mesh/proto/envoy/config/route/v3/route_pb.js';
import { detachRouteConfig, outboundHttp } from '../build/http.js';
import { type ChainModel, type ListenerModel, tcpTerminal } from '../build/listener.js';
import { type BackendCluster, envoyRoutes } from '../build/routes.js';
import { protocolOfService } from '../context/mesh-context.js';
import { destinationClusterName, outboundRoutesName } from '../model/names.js';
import { isHttpBased } from '../model/protocols.js';
import type { Backend, HttpRoute, OutboundRoutes } from '../model/routes.js';
import { tagsKey } from '../model/tags.js';
import { encodeResource } from '../snapshot/encode.js';
import { encodeListener, type ResourceCollector } from './collector.js';
import { type Destination, destinationCluster, directExternal, refusalOf } from './destination.js';
import type { SidecarScope } from './input.js';
import { type OutboundInterface, outboundsOf } from './outbounds.js';

interface EncodedOutbound {
  readonly listener: SnapshotResource;
  /** Where the listener tells requests apart: what it takes over RDS. */
  readonly routes: SnapshotResource | undefined;
  readonly destinations: readonly Destination[];
}

/** Listener, routes, clusters and endpoints of every outbound (contract/dataplane.md §3.5). */
export function addOutbounds(collector: ResourceCollector, scope: SidecarScope): void {
  for (const outbound of outboundsOf(scope)) {
    const flags = `${outbound.bindToPort}/${scope.metadata.ipv6Enabled}/${scope.transparentProxy !== undefined}`;
    const key = `outbound/${outbound.name}/${tagsKey(outbound.tags)}/${flags}/${scope.outboundKeyTo(outbound.service)}`;
    // Without the clusters: they change more often than what leads to them.
    const built = scope.context.memo(key, () => buildOutbound(scope, outbound));
    collector.addListener(built.listener);
    if (built.routes) {
      collector.useRoutes(built.routes.name);
      collector.addRoutes(built.routes);
    }
    for (const destination of built.destinations) {
      const cluster = destinationCluster(scope, destination);
      collector.useClusters([cluster.name]);
      if (directExternal(scope.context, destination.tags[TAG_SERVICE] ?? '')) collector.addCluster({ resource: cluster });
      else collector.addAssigned({ cluster, tags: destination.tags });
    }
  }
}

function buildOutbound(scope: SidecarScope, outbound: OutboundInterface): EncodedOutbound {
  const { context } = scope;
  const protocol = protocolOfService(context, outbound.service);
  const routes = routesFor(scope, outbound);
  const destinations = new Map<string, Destination>();
  const clusterOf = (backend: Backend): BackendCluster => {
    const name = destinationClusterName(backend.tags);
    destinations.set(name, { tags: backend.tags, loadBalancer: routes.loadBalancer });
    const refusal = refusalOf(context, backend.tags);
    const rewriteHost = directExternal(context, backend.tags[TAG_SERVICE] ?? '') !== undefined;
    return { name, rewriteHost, ...(refusal === undefined ? {} : { refusal }) };
  };
  const routeOrigins = new Map<Route, readonly Resource<unknown>[]>();
  const terminal = terminalOf(scope, { outbound, routes, clusterOf, routeOrigins });
  const listener: ListenerModel = {
    name: outbound.name,
    address: outbound.address,
    port: outbound.port,
    direction: 'outbound',
    ...(scope.transparentProxy ? { bindToPort: outbound.bindToPort } : {}),
    tags: outbound.tags,
    inspectTls: false,
    chains: [{ authenticated: false, terminal }],
  };
  for (const { plugin, matched } of scope.active) {
    plugin.configureOutbound?.(matched, { context, service: outbound.service, protocol, listener, routeOrigins });
  }
  const config = terminal.kind === 'http' ? detachRouteConfig(terminal) : undefined;
  const encoded = config && encodeResource(RouteConfigurationSchema, config.name, config);
  return { listener: encodeListener(listener), routes: encoded, destinations: [...destinations.values()] };
}

interface TerminalInput {
  readonly outbound: OutboundInterface;
  readonly routes: OutboundRoutes;
  readonly clusterOf: (backend: Backend) => BackendCluster;
  /** Filled with the origins of every route made. */
  readonly routeOrigins: Map<Route, readonly Resource<unknown>[]>;
}

function terminalOf(scope: SidecarScope, { outbound, routes, clusterOf, routeOrigins }: TerminalInput): ChainModel['terminal'] {
  if (routes.type === 'http') {
    const made = routes.routes.flatMap((route) => {
      const messages = envoyRoutes(route, clusterOf);
      for (const message of messages) routeOrigins.set(message, route.origins ?? []);
      return messages;
    });
    return outboundHttp({
      service: outbound.service,
      routesName: outboundRoutesName(outbound.tags),
      protocol: protocolOfService(scope.context, outbound.service),
      routes: made,
      ipv6: scope.metadata.ipv6Enabled,
    });
  }
  const live = routes.backends.filter((backend) => backend.weight > 0);
  const backends = live.length > 0 ? live : [{ tags: { [TAG_SERVICE]: outbound.service }, weight: 1 }];
  const weighted = backends.map((backend) => ({ name: clusterOf(backend).name, weight: backend.weight }));
  return tcpTerminal(outbound.service, weighted);
}

/** Asks the route policies in their order; without an answer all traffic goes to the destination. */
function routesFor(scope: SidecarScope, outbound: OutboundInterface): OutboundRoutes {
  const { context } = scope;
  const protocol = protocolOfService(context, outbound.service);
  let implicit = false;
  for (const { plugin, matched } of scope.active) {
    const answer = plugin.routes?.(matched, { context, tags: outbound.tags, service: outbound.service, protocol });
    if (answer === 'implicit') implicit = true;
    else if (answer !== undefined && !(answer.legacy && implicit)) return answer;
  }
  const backends: Backend[] = [{ tags: outbound.tags, weight: 1 }];
  if (!isHttpBased(protocol)) return { type: 'tcp', backends };
  return { type: 'http', routes: [implicitRoute(backends)] };
}

/** The route that takes every path; named, as all routes are, by the hash of its matches. */
export function implicitRoute(backends: readonly Backend[]): HttpRoute {
  return {
    name: routeNameOf([{ path: { value: '/', type: 'PathPrefix' } }]),
    match: { path: { type: 'pathPrefix', value: '/' } },
    filters: [],
    backends,
  };
}

/** Name of the routes of some matches, given in the JSON form of MeshHTTPRoute (§3.5). */
export function routeNameOf(matches: readonly object[]): string {
  return createHash('sha256').update(JSON.stringify(matches)).digest('base64');
}
