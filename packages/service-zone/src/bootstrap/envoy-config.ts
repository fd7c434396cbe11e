import { isIP } from 'node:net';
import type { JsonObject } from '@mesh/core';
import type { BootstrapProxy } from './proxy.js';
import type { BootstrapRequest } from './request.js';
import { STATS_TAGS } from './stats-tags.js';

/** Facts of this control plane that a bootstrap carries (`bootstrapServer.params` and the data-plane server's). */
export interface BootstrapParams {
  readonly adminAddress: string;
  readonly adminAccessLogPath: string;
  readonly envoyAdminUnixSocket: boolean;
  readonly readinessPort: number;
  readonly xdsConnectTimeout: string;
  readonly xdsGrpcMaxReceiveMessageBytes: number;
  readonly hdsEnabled: boolean;
  /** Envoy reads the token from its file again and again (Google gRPC) instead of carrying it in the bootstrap. */
  readonly enableReloadableTokens: boolean;
}

/** Where the proxy finds its ADS server, and how it knows it. */
export interface AdsTarget {
  readonly host: string;
  readonly port: number;
  /** `host` is a DNS name without IPv6 addresses. */
  readonly ipv4Only: boolean;
  /** PEM of the authority the proxy trusts. */
  readonly caPem: string;
}

export interface BootstrapInput {
  readonly request: BootstrapRequest;
  readonly proxy: BootstrapProxy;
  readonly params: BootstrapParams;
  readonly ads: AdsTarget;
}

const SOCKET_NAME_LENGTH_MAX = 98;
const TYPE = 'type.googleapis.com/';
/**
 * Pauses before a stream is opened again, each a random part of an interval that doubles up to the longest. Envoy's own longest
 * of 30 s would keep a control plane that was away for a while out of proxies for as long. HDS has pauses of its own.
 */
const RECONNECT_MS = { base: 250, max: 1_500 };
const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)}s`;
const RETRY_POLICY = { retryBackOff: { baseInterval: seconds(RECONNECT_MS.base), maxInterval: seconds(RECONNECT_MS.max) } };

/** The Envoy bootstrap of a proxy, as protobuf JSON of `envoy.config.bootstrap.v3.Bootstrap` (contract/dataplane.md §1.4). */
export function envoyBootstrap(input: BootstrapInput): JsonObject {
  const { request, proxy, params } = input;
  const apiType = request.features.includes('feature-delta-grpc') ? 'DELTA_GRPC' : 'GRPC';
  const clusters = [accessLogSink(input)];
  if (!usesGoogleGrpc(input)) clusters.push(adsCluster(input));
  return {
    ...(adminAddress(input) ? { admin: { accessLog: [fileAccessLog(params)], address: adminAddress(input) ?? {} } } : {}),
    defaultRegexEngine: {
      name: 'envoy.regex_engines.google_re2',
      typedConfig: { '@type': `${TYPE}envoy.extensions.regex_engines.v3.GoogleRE2` },
    },
    dynamicResources: {
      adsConfig: {
        apiType,
        grpcServices: [grpcService(input)],
        setNodeOnFirstMessageOnly: true,
        transportApiVersion: 'V3',
      },
      cdsConfig: { ads: {}, initialFetchTimeout: '0s', resourceApiVersion: 'V3' },
      ldsConfig: { ads: {}, initialFetchTimeout: '0s', resourceApiVersion: 'V3' },
    },
    ...(params.hdsEnabled && proxy.proxyType === 'dataplane'
      ? { hdsConfig: { apiType: 'GRPC', grpcServices: [grpcService(input)], setNodeOnFirstMessageOnly: true, transportApiVersion: 'V3' } }
      : {}),
    layeredRuntime: { layers: runtimeLayers(proxy) },
    node: { id: `${proxy.mesh}.${proxy.name}`, cluster: proxy.cluster, metadata: nodeMetadata(input) },
    ...(proxy.builtinGateway ? { overloadManager: overloadManager(request) } : {}),
    staticResources: { clusters, secrets: [validationSecret(input)] },
    statsConfig: { statsTags: STATS_TAGS.map((tag) => ({ ...tag })) },
  };
}

function runtimeLayers(proxy: BootstrapProxy): JsonObject[] {
  const layers: JsonObject[] = [
    { name: 'kuma', staticLayer: { 're2.max_program_size.error_level': 4_294_967_295, 're2.max_program_size.warn_level': 1000 } },
  ];
  if (proxy.builtinGateway) {
    layers.push({ name: 'gateway.listeners', rtdsLayer: { name: 'gateway.listeners', rtdsConfig: { ads: {}, resourceApiVersion: 'V3' } } });
  }
  return layers;
}

function overloadManager(request: BootstrapRequest): JsonObject {
  const heapBytes = request.resources?.maxHeapSizeBytes ?? 0;
  const monitors: JsonObject[] = [
    {
      name: 'envoy.resource_monitors.global_downstream_max_connections',
      typedConfig: {
        '@type': `${TYPE}envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`,
        maxActiveDownstreamConnections: '50000',
      },
    },
  ];
  if (heapBytes === 0) return { refreshInterval: '0.250s', resourceMonitors: monitors };
  const trigger = (value: number) => [{ name: 'envoy.resource_monitors.fixed_heap', threshold: { value } }];
  monitors.push({
    name: 'envoy.resource_monitors.fixed_heap',
    typedConfig: {
      '@type': `${TYPE}envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig`,
      maxHeapSizeBytes: String(heapBytes),
    },
  });
  return {
    refreshInterval: '0.250s',
    resourceMonitors: monitors,
    actions: [
      { name: 'envoy.overload_actions.shrink_heap', triggers: trigger(0.95) },
      { name: 'envoy.overload_actions.stop_accepting_requests', triggers: trigger(0.98) },
    ],
  };
}

function fileAccessLog(params: BootstrapParams): JsonObject {
  return {
    name: 'envoy.access_loggers.file',
    typedConfig: { '@type': `${TYPE}envoy.extensions.access_loggers.file.v3.FileAccessLog`, path: params.adminAccessLogPath },
  };
}

/** Path of Envoy's admin socket where it gets one: only a client that names its work directory. */
function adminSocketPath({ request, params }: BootstrapInput): string | undefined {
  return params.envoyAdminUnixSocket && request.workdir !== '' ? `${request.workdir}/kuma-envoy-admin.sock` : undefined;
}

function adminAddress(input: BootstrapInput): JsonObject | undefined {
  if (input.proxy.adminPort === 0) return undefined;
  const path = adminSocketPath(input);
  if (path !== undefined) return { pipe: { path, mode: 0o600 } };
  return { socketAddress: { address: input.params.adminAddress, portValue: input.proxy.adminPort } };
}

function nodeMetadata(input: BootstrapInput): JsonObject {
  const { request, proxy, params } = input;
  const socketPath = adminSocketPath(input);
  return {
    'dataplane.proxyType': proxy.proxyType,
    ...(request.dataplaneResource === '' ? {} : { 'dataplane.resource': request.dataplaneResource }),
    ...(proxy.adminPort === 0
      ? {}
      : {
          'dataplane.admin.address': params.adminAddress,
          'dataplane.admin.port': String(proxy.adminPort),
          ...(socketPath === undefined ? {} : { 'dataplane.admin.socketPath': socketPath }),
        }),
    ...(request.dnsPort === 0 ? {} : { 'dataplane.dns.port': String(request.dnsPort) }),
    'dataplane.readinessReporter.port': String(request.readinessPort || params.readinessPort),
    ...(request.appProbeProxyDisabled ? { 'dataplane.appProbeProxy.enabled': 'true' } : {}),
    ...(Object.keys(request.dynamicMetadata).length === 0 ? {} : { dynamicMetadata: request.dynamicMetadata }),
    ...(request.dataplaneConfig ? { transparentProxy: request.dataplaneConfig as JsonObject } : {}),
    ...(request.otelEnv ? { otelEnvInventory: otelInventory(request.otelEnv as JsonObject) } : {}),
    features: [...request.features],
    ipv6Enabled: request.ipv6Enabled,
    metricsCertPath: request.metricsResources?.certPath ?? '',
    metricsKeyPath: request.metricsResources?.keyPath ?? '',
    'spireAgent.socketPath': request.spireResources?.socketPath ?? '',
    systemCaPath: request.systemCaPath,
    version: versionOf(request),
    workdir: request.workdir,
  };
}

function otelInventory(env: JsonObject): JsonObject {
  return { logs: null, metrics: null, pipeEnabled: false, shared: null, traces: null, validationErrors: [], ...env };
}

function versionOf(request: BootstrapRequest): JsonObject {
  const unknown = { version: '', gitTag: '', gitCommit: '', buildDate: '' };
  return { kumaDp: { ...(request.version?.kumaDp ?? unknown) }, envoy: { ...(request.version?.envoy ?? { version: '', build: '' }) } };
}

function usesGoogleGrpc({ request, params }: BootstrapInput): boolean {
  return params.enableReloadableTokens && request.dataplaneTokenPath !== '';
}

function grpcService(input: BootstrapInput): JsonObject {
  if (usesGoogleGrpc(input)) return googleGrpc(input);
  const token = input.request.dataplaneToken;
  return {
    // That of the service around it is for calls that end.
    envoyGrpc: { clusterName: clusterNames(input).ads, retryPolicy: RETRY_POLICY },
    ...(token === '' ? {} : { initialMetadata: [{ key: 'authorization', value: token }] }),
  };
}

/**
 * Google's client dials by itself, and pauses between its attempts as its arguments say
 * (https://grpc.github.io/grpc/core/group__grpc__arg__keys.html). A stream that were refused while it has no connection would be
 * tried again by Envoy, after pauses of up to 30 s that no setting shortens for this client, so streams wait for the connection.
 */
function googleGrpc({ request, params, ads }: BootstrapInput): JsonObject {
  const host = isIP(ads.host) === 6 ? `[${ads.host}]` : ads.host;
  const integer = (value: number) => ({ intValue: String(value) });
  return {
    googleGrpc: {
      targetUri: `${host}:${ads.port}`,
      statPrefix: 'ads',
      credentialsFactoryName: 'envoy.grpc_credentials.file_based_metadata',
      channelCredentials: { sslCredentials: { rootCerts: { inlineBytes: base64(ads.caPem) } } },
      callCredentials: [
        {
          fromPlugin: {
            name: 'envoy.grpc_credentials.file_based_metadata',
            typedConfig: {
              '@type': `${TYPE}envoy.config.grpc_credential.v3.FileBasedMetadataConfig`,
              secretData: { filename: request.dataplaneTokenPath },
            },
          },
        },
      ],
      channelArgs: {
        args: {
          'grpc.http2.max_pings_without_data': integer(0),
          'grpc.keepalive_time_ms': integer(10_000),
          'grpc.keepalive_timeout_ms': integer(30_000),
          'grpc.max_receive_message_length': integer(params.xdsGrpcMaxReceiveMessageBytes),
          'grpc.initial_reconnect_backoff_ms': integer(RECONNECT_MS.base),
          'grpc.max_reconnect_backoff_ms': integer(RECONNECT_MS.max),
          'grpc.service_config': { stringValue: JSON.stringify({ methodConfig: [{ name: [{}], waitForReady: true }] }) },
        },
      },
    },
  };
}

function clusterNames({ proxy }: BootstrapInput): { ads: string; accessLogSink: string } {
  return proxy.unifiedNaming
    ? { ads: 'system_ads', accessLogSink: 'system_access_log_sink' }
    : { ads: 'ads_cluster', accessLogSink: 'access_log_sink' };
}

const HTTP2_AND_KEEPALIVE: JsonObject = {
  typedExtensionProtocolOptions: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': `${TYPE}envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
      explicitHttpConfig: { http2ProtocolOptions: {} },
    },
  },
  upstreamConnectionOptions: { tcpKeepalive: { keepaliveInterval: 10, keepaliveProbes: 3, keepaliveTime: 10 } },
};

function accessLogSink(input: BootstrapInput): JsonObject {
  const { request, proxy, params } = input;
  const name = clusterNames(input).accessLogSink;
  const path = `${request.workdir || '/tmp'}/kuma-al-${proxy.name}-${proxy.mesh}`.slice(0, SOCKET_NAME_LENGTH_MAX);
  return {
    name,
    type: 'STATIC',
    connectTimeout: params.xdsConnectTimeout,
    loadAssignment: assignment(name, { pipe: { path: `${path}.sock` } }),
    ...HTTP2_AND_KEEPALIVE,
  };
}

function adsCluster(input: BootstrapInput): JsonObject {
  const { ads, params } = input;
  const name = clusterNames(input).ads;
  return {
    name,
    type: isIP(ads.host) ? 'STATIC' : 'STRICT_DNS',
    ...(ads.ipv4Only ? { dnsLookupFamily: 'V4_ONLY' } : {}),
    connectTimeout: params.xdsConnectTimeout,
    loadAssignment: assignment(name, { socketAddress: { address: ads.host, portValue: ads.port } }),
    transportSocket: {
      name: 'envoy.transport_sockets.tls',
      typedConfig: {
        '@type': `${TYPE}envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext`,
        commonTlsContext: {
          tlsParams: { tlsMinimumProtocolVersion: 'TLSv1_2' },
          validationContextSdsSecretConfig: { name: 'cp_validation_ctx' },
        },
        sni: ads.host,
      },
    },
    ...HTTP2_AND_KEEPALIVE,
  };
}

function assignment(clusterName: string, address: JsonObject): JsonObject {
  return { clusterName, endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }] };
}

function validationSecret({ ads }: BootstrapInput): JsonObject {
  return {
    name: 'cp_validation_ctx',
    validationContext: {
      matchTypedSubjectAltNames: [
        { matcher: { exact: ads.host }, sanType: 'DNS' },
        { matcher: { exact: ads.host }, sanType: 'IP_ADDRESS' },
      ],
      trustedCa: { inlineBytes: base64(ads.caPem) },
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
