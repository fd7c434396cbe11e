import { create } from '@bufbuild/protobuf';
import { packAny } from '@mesh/proto';
import type { TransportSocket } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { TrafficDirection } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { type FilterChain, FilterChainSchema } from '@mesh/proto/envoy/config/listener/v3/listener_components_pb.js';
import { type Listener, ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import { RBACSchema as HttpRbacSchema } from '@mesh/proto/envoy/extensions/filters/http/rbac/v3/rbac_pb.js';
import { TlsInspectorSchema } from '@mesh/proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import { ConfigSchema as DirectResponseSchema } from '@mesh/proto/envoy/extensions/filters/network/direct_response/v3/config_pb.js';
import { RBACSchema as NetworkRbacSchema } from '@mesh/proto/envoy/extensions/filters/network/rbac/v3/rbac_pb.js';
import { type TcpProxy, TcpProxySchema } from '@mesh/proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import type { Tags } from '@mesh/resources';
import { sanitizeStat } from '../model/names.js';
import { sortTags } from '../model/tags.js';
import { finishHttp, type HttpTerminal } from './http.js';
import { type NamedConfig, named, socketAddress } from './messages.js';

export interface TcpTerminal {
  readonly kind: 'tcp';
  readonly proxy: TcpProxy;
}

export interface DirectResponseTerminal {
  readonly kind: 'direct';
  readonly body: string;
}

/** A filter that is finished: one for all chains that lead to the same. */
export interface MadeTerminal {
  readonly kind: 'made';
  readonly filter: NamedConfig;
}

/** Filters that decide who may use a chain. */
export interface Authorization {
  readonly networkFilters: readonly NamedConfig[];
  readonly httpFilters: readonly NamedConfig[];
}

export interface ChainMatch {
  readonly transportProtocol?: 'tls' | 'raw_buffer';
  readonly applicationProtocols?: readonly string[];
  readonly serverNames?: readonly string[];
  readonly destinationPort?: number;
}

/** A filter chain under construction. */
export interface ChainModel {
  readonly name?: string;
  readonly match?: ChainMatch;
  readonly socket?: TransportSocket;
  /**
   * The chain authenticates clients of the mesh. Such a chain lets nobody in until a policy sets
   * `authorization`.
   */
  readonly authenticated: boolean;
  authorization?: Authorization;
  /** Filters between who may use the chain and what it leads to. */
  networkFilters?: NamedConfig[];
  readonly terminal: HttpTerminal | TcpTerminal | DirectResponseTerminal | MadeTerminal;
}

/** A listener under construction. */
export interface ListenerModel {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly direction: 'inbound' | 'outbound';
  /** Absent: Envoy's default. */
  readonly reusePort?: boolean;
  /** False where transparent proxying hands connections over. */
  readonly bindToPort?: boolean;
  readonly useOriginalDst?: boolean;
  readonly tags?: Tags;
  readonly chains: ChainModel[];
  /** Reads SNI and ALPN before a chain is chosen. */
  inspectTls: boolean;
}

export const NETWORK_RBAC = 'envoy.filters.network.rbac';
export const HTTP_RBAC = 'envoy.filters.http.rbac';

/** A tcp proxy to one cluster, or to several by weight. */
export function tcpTerminal(statPrefix: string, clusters: readonly { readonly name: string; readonly weight: number }[]): TcpTerminal {
  const [first] = clusters;
  const proxy = create(TcpProxySchema, {
    statPrefix: sanitizeStat(statPrefix),
    clusterSpecifier:
      clusters.length === 1 && first
        ? { case: 'cluster', value: first.name }
        : { case: 'weightedClusters', value: { clusters: clusters.map(({ name, weight }) => ({ name, weight })) } },
  });
  return { kind: 'tcp', proxy };
}

/** The finished message. */
export function finishListener(model: ListenerModel): Listener {
  const listener = create(ListenerSchema, {
    name: model.name,
    address: socketAddress(model.address, model.port),
    filterChains: model.chains.map((chain) => finishChain(model.name, chain)),
    trafficDirection: model.direction === 'inbound' ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
  });
  if (model.inspectTls) {
    const { name, config } = named('envoy.filters.listener.tls_inspector', TlsInspectorSchema, create(TlsInspectorSchema));
    listener.listenerFilters = create(ListenerSchema, {
      listenerFilters: [{ name, configType: { case: 'typedConfig', value: config } }],
    }).listenerFilters;
  }
  if (model.reusePort !== undefined) listener.enableReusePort = model.reusePort;
  if (model.bindToPort !== undefined) listener.bindToPort = model.bindToPort;
  if (model.useOriginalDst) listener.useOriginalDst = true;
  if (model.tags)
    listener.metadata = create(ListenerSchema, { metadata: { filterMetadata: { 'io.kuma.tags': sortTags(model.tags) } } }).metadata;
  return listener;
}

function finishChain(listener: string, chain: ChainModel): FilterChain {
  const authorization = chain.authorization ?? (chain.authenticated ? denyAll(listener, chain.terminal.kind === 'http') : undefined);
  const filters = [
    ...(authorization?.networkFilters ?? []),
    ...(chain.networkFilters ?? []),
    finishTerminal(chain.terminal, authorization?.httpFilters ?? []),
  ];
  const { transportProtocol = '', applicationProtocols = [], serverNames = [], destinationPort } = chain.match ?? {};
  return create(FilterChainSchema, {
    name: chain.name ?? '',
    ...(chain.match
      ? {
          filterChainMatch: {
            transportProtocol,
            applicationProtocols: [...applicationProtocols],
            serverNames: [...serverNames],
            ...(destinationPort === undefined ? {} : { destinationPort }),
          },
        }
      : {}),
    filters: filters.map(({ name, config }) => ({ name, configType: { case: 'typedConfig' as const, value: config } })),
    ...(chain.socket ? { transportSocket: chain.socket } : {}),
  });
}

function finishTerminal(terminal: ChainModel['terminal'], httpFilters: readonly NamedConfig[]): NamedConfig {
  if (terminal.kind === 'http') return finishHttp(terminal, httpFilters);
  if (terminal.kind === 'made') return terminal.filter;
  if (terminal.kind === 'tcp') return { name: 'envoy.filters.network.tcp_proxy', config: packAny(TcpProxySchema, terminal.proxy) };
  const response = create(DirectResponseSchema, { response: { specifier: { case: 'inlineBytes', value: Buffer.from(terminal.body) } } });
  return named('envoy.filters.network.direct_response', DirectResponseSchema, response);
}

/** Nobody gets in: an ALLOW list without entries. */
function denyAll(listener: string, http: boolean): Authorization {
  if (http) return { networkFilters: [], httpFilters: [named(HTTP_RBAC, HttpRbacSchema, create(HttpRbacSchema, { rules: {} }))] };
  const filter = create(NetworkRbacSchema, { rules: {}, statPrefix: `${sanitizeStat(listener)}.` });
  return { networkFilters: [named(NETWORK_RBAC, NetworkRbacSchema, filter)], httpFilters: [] };
}
