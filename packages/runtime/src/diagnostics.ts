import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureVersion } from 'node:tls';
import { type Logger, MeshError, messageOf } from '@mesh/core';
import type { KumaConfig } from './config/index.js';
import { opensslCiphers } from './config/sections/tls.js';
import type { Health, HealthKind } from './health.js';
import type { Metrics } from './metrics.js';

export interface DiagnosticsOptions {
  readonly config: KumaConfig['diagnostics'];
  readonly metrics: Metrics;
  readonly health: Health;
  readonly log: Logger;
}

/** The server of health and metrics (contract/rest-api.md §7). */
export interface DiagnosticsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `/healthy`, `/ready` and `/metrics`; throws MeshError `unavailable` where the port is taken. */
export async function startDiagnostics(options: DiagnosticsOptions): Promise<DiagnosticsServer> {
  const { config, log } = options;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    answer(options, { request, response }).catch((err) => {
      log.error({ err }, 'diagnostics request failed');
      response.writeHead(500).end();
    });
  };
  const server = config.tlsEnabled ? createHttps(tlsOptions(config), handle) : createHttp(handle);
  server.requestTimeout = 10_000;
  await listen(server, config.serverPort);
  const { port } = server.address() as AddressInfo;
  log.debug({ port }, 'serving diagnostics');
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: DiagnosticsOptions, exchange: { request: IncomingMessage; response: ServerResponse }): Promise<void> {
  const { request, response } = exchange;
  const path = (request.url ?? '').split('?')[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, { allow: 'GET' }).end();
  if (path === '/healthy') return answerHealth(response, { health: options.health, kind: 'healthy' });
  if (path === '/ready') return answerHealth(response, { health: options.health, kind: 'ready' });
  if (path === '/metrics') {
    const text = await options.metrics.text();
    return void response.writeHead(200, { 'content-type': options.metrics.contentType }).end(text);
  }
  response.writeHead(404, { 'content-type': 'text/plain' }).end('404: Page Not Found\n');
}

async function answerHealth(response: ServerResponse, question: { health: Health; kind: HealthKind }): Promise<void> {
  const report = await question.health.report(question.kind);
  if (report.ok) return void response.writeHead(200).end();
  response.writeHead(503, { 'content-type': 'application/json' }).end(`${JSON.stringify(report.checks)}\n`);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new MeshError('unavailable', {
          public: `cannot listen on port ${port} (KUMA_DIAGNOSTICS_SERVER_PORT): ${messageOf(cause)}`,
          cause,
        }),
      );
    });
    server.listen(port, () => resolve());
  });
}

function tlsOptions(config: KumaConfig['diagnostics']) {
  return {
    cert: readFileSync(config.tlsCertFile),
    key: readFileSync(config.tlsKeyFile),
    ...tlsBounds(config),
  };
}

/** TLS version bounds and ciphers of a server in Node's terms. */
export function tlsBounds(config: Pick<KumaConfig['diagnostics'], 'tlsMinVersion' | 'tlsMaxVersion' | 'tlsCipherSuites'>): {
  minVersion?: SecureVersion;
  maxVersion?: SecureVersion;
  ciphers?: string;
} {
  const version = (name: string): SecureVersion => name.replace('_', '.').replace('TLSv1.0', 'TLSv1') as SecureVersion;
  return {
    ...(config.tlsMinVersion ? { minVersion: version(config.tlsMinVersion) } : {}),
    ...(config.tlsMaxVersion ? { maxVersion: version(config.tlsMaxVersion) } : {}),
    ...(config.tlsCipherSuites.length > 0 ? { ciphers: opensslCiphers(config.tlsCipherSuites) } : {}),
  };
}
