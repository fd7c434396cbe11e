import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Announcement, Logger, ResourceDraft, ResourceView } from '@mesh/core';
import { formatProtoDuration, MeshError, messageOf } from '@mesh/core';
import { type AdsHandler, createXdsServer, type XdsServer } from '@mesh/grpc';
import { type KumaConfig, serverCertificate, tlsBounds } from '@mesh/runtime';
import { BootstrapGenerator } from './bootstrap/generator.js';
import { bootstrapHttpHandler } from './bootstrap/http-handler.js';
import { checkServerName } from './bootstrap/server-identity.js';
import type { HdsHandler } from './hds/hds-handler.js';
import { addHdsService, HDS_METHOD } from './hds/hds-service.js';
import { workerCounts } from './workers/worker-counts.js';

export interface DataplaneServerOptions {
  readonly config: KumaConfig;
  readonly view: ResourceView;
  readonly log: Logger;
  readonly instanceId: string;
  readonly handler: AdsHandler;
  readonly hds: HdsHandler;
  readonly parseInline: (json: string) => ResourceDraft;
  readonly zoneProxyXds: () => Announcement | undefined;
}

/** The data-plane server: bootstrap and xDS on one TLS port, the bootstrap in plain HTTP where configured. */
export interface DataplaneServer {
  readonly port: number;
  readonly workers: XdsServer['workers'];
  /** Port of the plain bootstrap; undefined where it is off. */
  readonly bootstrapPort: number | undefined;
  close(): Promise<void>;
}

/** Starts the data-plane server; throws MeshError where a port is taken or the certificate does not fit (contract/dataplane.md §1.1). */
export async function startDataplaneServer(options: DataplaneServerOptions): Promise<DataplaneServer> {
  const { config, log } = options;
  const pair = await serverCertificate(config, { certFile: config.dpServer.tlsCertFile, keyFile: config.dpServer.tlsKeyFile });
  const certificatePem = pair.cert.toString('utf8');
  if (config.bootstrapServer.params.xdsHost !== '') checkServerName(certificatePem, config.bootstrapServer.params.xdsHost);
  let port = 0;
  const http = bootstrapHttpHandler(bootstrapGenerator(options, { certificatePem, port: () => port }), log);
  const { enabled: hdsEnabled } = config.dpServer.hds;
  const onHdsError = (error: unknown) => log.error({ error: messageOf(error) }, 'a health stream failed');
  let endHealthStreams = () => {};
  const server = createXdsServer({
    tls: { ...pair, ...tlsBounds(config.dpServer) },
    handler: options.handler,
    controlPlaneId: options.instanceId,
    http,
    headersTimeoutMs: config.dpServer.readHeaderTimeout,
    addServices: (grpc) => {
      if (hdsEnabled) endHealthStreams = addHdsService(grpc, options.hds, onHdsError);
    },
    methods: hdsEnabled ? [HDS_METHOD] : [],
    workers: workerCounts(config.dpServer.workers),
    log,
  });
  port = await server.listen({ port: config.dpServer.port }).catch((cause) => {
    throw taken(config.dpServer.port, 'KUMA_DP_SERVER_PORT', cause);
  });
  const plain = config.bootstrapServer.port === 0 ? undefined : await startPlain(config, http);
  log.info({ port }, 'serving proxies');
  return {
    port,
    workers: server.workers,
    bootstrapPort: plain && (plain.address() as AddressInfo).port,
    close: async () => {
      endHealthStreams();
      plain?.closeAllConnections();
      plain?.close();
      await server.close(config.dpServer.gracefulShutdownTimeout);
    },
  };
}

function bootstrapGenerator(options: DataplaneServerOptions, server: { certificatePem: string; port: () => number }): BootstrapGenerator {
  const { config, view, parseInline, zoneProxyXds } = options;
  const { params } = config.bootstrapServer;
  const { authn } = config.dpServer;
  const corefile = params.corefileTemplatePath;
  return new BootstrapGenerator({
    view,
    parseInline,
    zoneProxyXds,
    certificatePem: server.certificatePem,
    xdsHost: params.xdsHost,
    xdsPort: () => params.xdsPort || server.port(),
    adminPort: params.adminPort,
    adminAddress: params.adminAddress,
    adminAccessLogPath: params.adminAccessLogPath,
    envoyAdminUnixSocket: params.envoyAdminUnixSocket,
    readinessPort: params.readinessPort,
    xdsConnectTimeout: formatProtoDuration(params.xdsConnectTimeout),
    xdsGrpcMaxReceiveMessageBytes: params.xdsGrpcMaxReceiveMessageBytes,
    hdsEnabled: config.dpServer.hds.enabled,
    enableReloadableTokens: authn.enableReloadableTokens,
    tokenRequired: (proxyType) => (proxyType === 'dataplane' ? authn.dpProxy.type : authn.zoneProxy.type) !== 'none',
    ...(corefile === '' ? {} : { corefileTemplate: readFileSync(corefile, 'utf8') }),
  });
}

function startPlain(config: KumaConfig, http: Parameters<typeof createServer>[1]): Promise<Server> {
  const { port } = config.bootstrapServer;
  const headersTimeout = config.dpServer.readHeaderTimeout;
  const server = createServer({ headersTimeout, connectionsCheckingInterval: headersTimeout, requestTimeout: 30_000 }, http);
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(taken(port, 'KUMA_BOOTSTRAP_SERVER_PORT', cause)));
    server.listen(port, () => resolve(server));
  });
}

function taken(port: number, variable: string, cause: unknown): MeshError {
  return new MeshError('unavailable', { public: `cannot listen on port ${port} (${variable}): ${messageOf(cause)}`, cause });
}
