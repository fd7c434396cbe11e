import { clone, create } from '@bufbuild/protobuf';
import { type Any, anyUnpack } from '@bufbuild/protobuf/wkt';
import { packAny } from '@mesh/proto';
import type { TransportSocket } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { HttpConnectionManagerSchema } from '@mesh/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { TcpProxySchema } from '@mesh/proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import {
  type TlsParameters,
  TlsParameters_TlsProtocol,
  TlsParametersSchema,
} from '@mesh/proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import { DownstreamTlsContextSchema, UpstreamTlsContextSchema } from '@mesh/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { type ChainModel, type ClusterModel, durationOf, type ListenerModel, tcpTerminal } from '@mesh/xds';
import type { TlsConf } from './schema.js';

const TLS_IDLE_MS = 2 * 3600_000;
/** What tells callers of the mesh from others that speak TLS. */
const MESH_ALPN = 'kuma';

const PROTOCOLS = {
  TLSAuto: TlsParameters_TlsProtocol.TLS_AUTO,
  TLS10: TlsParameters_TlsProtocol.TLSv1_0,
  TLS11: TlsParameters_TlsProtocol.TLSv1_1,
  TLS12: TlsParameters_TlsProtocol.TLSv1_2,
  TLS13: TlsParameters_TlsProtocol.TLSv1_3,
} as const;

/** Opens an inbound that authenticates callers to plaintext too, or closes it; in a mesh without mTLS there is nothing to do. */
export function setMode(listener: ListenerModel, cluster: ClusterModel, mode: NonNullable<TlsConf['mode']>): void {
  const authenticated = listener.chains.find((chain) => chain.authenticated);
  const isStrict = listener.chains.every((chain) => chain.authenticated);
  if (!authenticated || isStrict === (mode === 'Strict')) return;
  const { match: _, ...rest } = authenticated;
  const chains = mode === 'Strict' ? [rest] : permissiveChains(rest, cluster.message.name);
  listener.chains.splice(0, listener.chains.length, ...chains);
  listener.inspectTls = chains.length > 1;
}

/** Plaintext, TLS of the application's own, and callers of the mesh. */
function permissiveChains(chain: ChainModel, cluster: string): ChainModel[] {
  const passed = tcpTerminal(cluster, [{ name: cluster, weight: 1 }]);
  passed.proxy.idleTimeout = durationOf(TLS_IDLE_MS);
  return [
    { authenticated: false, match: { transportProtocol: 'raw_buffer' }, terminal: copyOf(chain.terminal) },
    { authenticated: false, match: { transportProtocol: 'tls' }, terminal: passed },
    { ...chain, match: { transportProtocol: 'tls', applicationProtocols: [MESH_ALPN] } },
  ];
}

/** Policies edit terminals in place: two chains must not share one. */
function copyOf(terminal: ChainModel['terminal']): ChainModel['terminal'] {
  if (terminal.kind === 'http') {
    return { kind: 'http', manager: clone(HttpConnectionManagerSchema, terminal.manager), filters: [...terminal.filters] };
  }
  return terminal.kind === 'tcp' ? { kind: 'tcp', proxy: clone(TcpProxySchema, terminal.proxy) } : terminal;
}

/** Versions and ciphers a conf asks for; undefined where it asks for none. */
export function parametersOf({ tlsVersion, tlsCiphers }: TlsConf): TlsParameters | undefined {
  if (!tlsVersion && !tlsCiphers) return undefined;
  return create(TlsParametersSchema, {
    tlsMinimumProtocolVersion: PROTOCOLS[tlsVersion?.min ?? 'TLSAuto'],
    tlsMaximumProtocolVersion: PROTOCOLS[tlsVersion?.max ?? 'TLSAuto'],
    cipherSuites: [...(tlsCiphers ?? [])],
  });
}

/** Limits the chains of a listener that authenticate callers. */
export function limitListener(listener: ListenerModel, parameters: TlsParameters): void {
  for (const { authenticated, socket } of listener.chains) {
    const config = authenticated ? configOf(socket) : undefined;
    const context = config && anyUnpack(config, DownstreamTlsContextSchema);
    if (!context?.commonTlsContext || !socket) continue;
    context.commonTlsContext.tlsParams = parameters;
    socket.configType = { case: 'typedConfig', value: packAny(DownstreamTlsContextSchema, context) };
  }
}

/** Limits a cluster that leads to a service of the mesh; external services speak what they like. */
export function limitCluster({ message: { transportSocket: socket } }: ClusterModel, parameters: TlsParameters): void {
  const config = configOf(socket);
  const context = config && anyUnpack(config, UpstreamTlsContextSchema);
  if (!socket || !context?.commonTlsContext?.alpnProtocols.includes(MESH_ALPN)) return;
  context.commonTlsContext.tlsParams = parameters;
  socket.configType = { case: 'typedConfig', value: packAny(UpstreamTlsContextSchema, context) };
}

function configOf(socket: TransportSocket | undefined): Any | undefined {
  return socket?.configType.case === 'typedConfig' ? socket.configType.value : undefined;
}
