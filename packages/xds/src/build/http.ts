import { create } from '@bufbuild/protobuf';
import { packAny } from '@mesh/proto';
import { type CidrRange, CidrRangeSchema } from '@mesh/proto/envoy/config/core/v3/address_pb.js';
import { HttpProtocolOptionsSchema } from '@mesh/proto/envoy/config/core/v3/protocol_pb.js';
import { type Route, RouteSchema } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import type { RouteConfiguration } from '@mesh/proto/envoy/config/route/v3/route_pb.js';
import { FilterConfigSchema as GrpcStatsSchema } from '@mesh/proto/envoy/extensions/filters/http/grpc_stats/v3/config_pb.js';
import { RouterSchema } from '@mesh/proto/envoy/extensions/filters/http/router/v3/router_pb.js';
import {
  type HttpConnectionManager,
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManagerSchema,
} from '@mesh/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { sanitizeStat } from '../model/names.js';
import type { Protocol } from '../model/protocols.js';
import { adsSource, durationOf, type NamedConfig, named } from './messages.js';

/** An HTTP connection manager under construction: its filters are listed beside it until the end. */
export interface HttpTerminal {
  readonly kind: 'http';
  readonly manager: HttpConnectionManager;
  /** In order of the chain; the router is last. */
  readonly filters: NamedConfig[];
}

const INTERNAL_CIDRS = ['10.0.0.0/8', '192.168.0.0/16', '172.16.0.0/12', 'fc00::/7', 'fd00::/8', '127.0.0.1/32', '::1/128'];
const LOOPBACK_CIDRS = ['127.0.0.1/32', '::1/128'];
const INBOUND_IDLE_MS = 2 * 3600_000;
const INBOUND_STREAM_IDLE_MS = 3600_000;

export interface InboundHttpOptions {
  readonly service: string;
  readonly cluster: string;
  readonly protocol: Protocol;
  readonly ipv6: boolean;
}

/** Connection manager in front of the local application (contract/dataplane.md §3.3). */
export function inboundHttp(options: InboundHttpOptions): HttpTerminal {
  const route = create(RouteSchema, {
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action: { case: 'route', value: { clusterSpecifier: { case: 'cluster', value: options.cluster }, timeout: durationOf(0) } },
  });
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: sanitizeStat(options.cluster),
    routeSpecifier: {
      case: 'routeConfig',
      value: {
        name: `inbound:${options.service}`,
        validateClusters: false,
        requestHeadersToRemove: ['x-kuma-tags'],
        virtualHosts: [{ name: options.service || options.cluster, domains: ['*'], routes: [route] }],
      },
    },
    forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE_SET,
    setCurrentClientCertDetails: { uri: true },
    streamIdleTimeout: durationOf(INBOUND_STREAM_IDLE_MS),
    commonHttpProtocolOptions: create(HttpProtocolOptionsSchema, { idleTimeout: durationOf(INBOUND_IDLE_MS) }),
    internalAddressConfig: { cidrRanges: cidrs(INTERNAL_CIDRS, options.ipv6) },
  });
  return { kind: 'http', manager, filters: httpFilters(options.protocol) };
}

export interface OutboundHttpOptions {
  readonly service: string;
  /** Name of the route configuration. */
  readonly routesName: string;
  readonly protocol: Protocol;
  readonly routes: readonly Route[];
  readonly ipv6: boolean;
}

/** Connection manager of an outbound (§3.5). */
export function outboundHttp(options: OutboundHttpOptions): HttpTerminal {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: sanitizeStat(options.service),
    routeSpecifier: {
      case: 'routeConfig',
      value: {
        name: options.routesName,
        validateClusters: false,
        virtualHosts: [{ name: options.service, domains: ['*'], routes: [...options.routes] }],
      },
    },
    normalizePath: true,
    internalAddressConfig: { cidrRanges: cidrs(INTERNAL_CIDRS, options.ipv6) },
  });
  return { kind: 'http', manager, filters: httpFilters(options.protocol) };
}

export interface EgressHttpOptions {
  readonly service: string;
  readonly cluster: string;
  readonly protocol: Protocol;
  readonly ipv6: boolean;
  /** Why the service cannot be dialled; callers are told instead. */
  readonly refusal: string | undefined;
}

/** Connection manager of a zone egress in front of an external service (§4). */
export function egressHttp({ service, cluster, protocol, ipv6, refusal }: EgressHttpOptions): HttpTerminal {
  const forward = {
    clusterSpecifier: { case: 'cluster' as const, value: cluster },
    hostRewriteSpecifier: { case: 'autoHostRewrite' as const, value: { value: true } },
    timeout: durationOf(0),
  };
  const route = create(RouteSchema, {
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action:
      refusal === undefined
        ? { case: 'route', value: forward }
        : { case: 'directResponse', value: { status: 503, body: { specifier: { case: 'inlineString', value: refusal } } } },
  });
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: sanitizeStat(service),
    routeSpecifier: {
      case: 'routeConfig',
      value: { name: `outbound:${service}`, validateClusters: false, virtualHosts: [{ name: service, domains: ['*'], routes: [route] }] },
    },
    internalAddressConfig: { cidrRanges: cidrs(INTERNAL_CIDRS, ipv6) },
  });
  return { kind: 'http', manager, filters: httpFilters(protocol) };
}

/** Connection manager of the admin listener: path prefixes to clusters, first match wins (§3.4). */
export function adminHttp(name: string, routes: readonly { readonly prefix: string; readonly cluster: string }[]): HttpTerminal {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: sanitizeStat(name),
    routeSpecifier: {
      case: 'routeConfig',
      value: {
        validateClusters: false,
        virtualHosts: [
          {
            name,
            domains: ['*'],
            routes: routes.map(({ prefix, cluster }) => ({
              match: { pathSpecifier: { case: 'prefix' as const, value: prefix } },
              action: {
                case: 'route' as const,
                value: { clusterSpecifier: { case: 'cluster' as const, value: cluster }, prefixRewrite: prefix },
              },
            })),
          },
        ],
      },
    },
    internalAddressConfig: { cidrRanges: cidrs(LOOPBACK_CIDRS, true) },
  });
  return { kind: 'http', manager, filters: httpFilters('http') };
}

/** Connection manager of the metrics listener: one path, rewritten to that of the cluster; everything else is not found. */
export function metricsHttp(options: {
  readonly name: string;
  readonly path: string;
  readonly cluster: string;
  readonly rewrite: string;
}): HttpTerminal {
  const { name, path, cluster, rewrite } = options;
  const route = create(RouteSchema, {
    match: { pathSpecifier: { case: 'path', value: path } },
    action: { case: 'route', value: { clusterSpecifier: { case: 'cluster', value: cluster }, prefixRewrite: rewrite } },
  });
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: sanitizeStat(name),
    routeSpecifier: { case: 'routeConfig', value: { validateClusters: false, virtualHosts: [{ name, domains: ['*'], routes: [route] }] } },
    internalAddressConfig: { cidrRanges: cidrs(LOOPBACK_CIDRS, true) },
  });
  return { kind: 'http', manager, filters: httpFilters('http') };
}

/** The inline route configuration of a connection manager that has one. */
export function routeConfigOf(terminal: HttpTerminal): RouteConfiguration | undefined {
  const { routeSpecifier } = terminal.manager;
  return routeSpecifier.case === 'routeConfig' ? routeSpecifier.value : undefined;
}

/**
 * Takes the inline route configuration out of a connection manager, which then waits for it over
 * RDS under its name: a change of routes leaves the listener as it is.
 */
export function detachRouteConfig(terminal: HttpTerminal): RouteConfiguration | undefined {
  const config = routeConfigOf(terminal);
  if (!config) return undefined;
  const value = { configSource: adsSource(), routeConfigName: config.name };
  terminal.manager.routeSpecifier = create(HttpConnectionManagerSchema, { routeSpecifier: { case: 'rds', value } }).routeSpecifier;
  return config;
}

/** All routes of all virtual hosts of a connection manager. */
export function routesOf(terminal: HttpTerminal): Route[] {
  return routeConfigOf(terminal)?.virtualHosts.flatMap((host) => host.routes) ?? [];
}

/** The finished connection manager, filters packed in. */
export function finishHttp(terminal: HttpTerminal, prepended: readonly NamedConfig[]): NamedConfig {
  terminal.manager.httpFilters = [...prepended, ...terminal.filters].map(
    ({ name, config }) =>
      create(HttpConnectionManagerSchema, { httpFilters: [{ name, configType: { case: 'typedConfig', value: config } }] }).httpFilters[0],
  ) as HttpConnectionManager['httpFilters'];
  return { name: 'envoy.filters.network.http_connection_manager', config: packAny(HttpConnectionManagerSchema, terminal.manager) };
}

function httpFilters(protocol: Protocol): NamedConfig[] {
  const router = named('envoy.filters.http.router', RouterSchema, create(RouterSchema));
  if (protocol !== 'grpc') return [router];
  return [named('envoy.filters.http.grpc_stats', GrpcStatsSchema, create(GrpcStatsSchema, { emitFilterState: true })), router];
}

function cidrs(texts: readonly string[], ipv6: boolean): CidrRange[] {
  return texts
    .filter((text) => ipv6 || !text.includes(':'))
    .map((text) => {
      const [addressPrefix = '', length = '0'] = text.split('/');
      return create(CidrRangeSchema, { addressPrefix, prefixLen: Number(length) });
    });
}
