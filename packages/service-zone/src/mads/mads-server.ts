import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Logger, MeshError, messageOf, parseDuration } from '@mesh/core';
import { type KumaConfig, type Metrics, serverCertificate, tlsBounds } from '@mesh/runtime';
import { z } from 'zod';
import type { AssignmentFeed, AssignmentState } from './assignment-feed.js';
import { observeMads } from './mads-metrics.js';

/** Path of the fetch, as Prometheus' `kuma_sd_configs` asks for it. */
const FETCH_PATH = '/v3/discovery:monitoringassignments';
const BODY_BYTES_MAX = 64 * 1024;
/** Longest wait a client may ask for. */
const FETCH_TIMEOUT_MS_MAX = 10 * 60_000;

const REQUEST = z.object({
  node: z.object({ id: z.string().optional() }).nullish(),
  version_info: z.string().optional(),
  versionInfo: z.string().optional(),
});

export interface MadsServerOptions {
  readonly config: KumaConfig;
  readonly feed: AssignmentFeed;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The server of monitoring assignments (contract/rest-api.md §7). */
export interface MadsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A request that is answered with an error. */
class BadRequest extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
  ) {
    super(`${title}: ${detail}`);
  }
}

/** Serves assignments over HTTP, or TLS where configured; throws MeshError `unavailable` where the port is taken. */
export async function startMadsServer(options: MadsServerOptions): Promise<MadsServer> {
  const { config, log, feed } = options;
  const settings = config.monitoringAssignmentServer;
  const observe = observeMads(options.metrics, FETCH_PATH);
  const listener: RequestListener = (request, response) => {
    observe(request, response);
    handle({ request, response }, options).catch((error: unknown) => fail(response, { error, log }));
  };
  const server = settings.tlsEnabled ? createHttps({ ...(await pairOf(config)), ...tlsBounds(settings) }, listener) : createHttp(listener);
  server.requestTimeout = 10_000;
  await listen(server, settings.port);
  const { port } = server.address() as AddressInfo;
  log.debug({ port }, 'serving monitoring assignments');
  return {
    port,
    close: () => {
      feed.close();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function pairOf(config: KumaConfig) {
  const { tlsCertFile, tlsKeyFile } = config.monitoringAssignmentServer;
  return serverCertificate(config, { certFile: tlsCertFile, keyFile: tlsKeyFile });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function handle({ request, response }: Exchange, options: MadsServerOptions): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://mads');
  if (url.pathname !== FETCH_PATH) return text(response, 404, '404: Page Not Found');
  if (request.method !== 'POST') return text(response.setHeader('allow', 'POST'), 405, '405: Method Not Allowed');
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return text(response, 415, '415: Unsupported Media Type');
  const timeoutMs = fetchTimeout(url.searchParams.get('fetch-timeout'), options.config.monitoringAssignmentServer.defaultFetchTimeout);
  const body = parseRequest(await readBody(request));
  const clientId = body.node?.id ?? '';
  const version = body.version_info ?? body.versionInfo ?? '';
  const state = await answerFor(options.feed, { clientId, version, over: overAfter(timeoutMs, response) });
  if (response.destroyed) return;
  if (state) response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(state.body);
  else response.writeHead(304).end();
}

/** What differs from the client's version: now, or when it comes; undefined where nothing came. */
async function answerFor(
  feed: AssignmentFeed,
  { clientId, version, over }: { clientId: string; version: string; over: AbortSignal },
): Promise<AssignmentState | undefined> {
  const now = feed.stateFor(clientId);
  return now.version === version ? feed.next(clientId, version, over) : now;
}

/** Aborts when the time is up or the client is gone. */
function overAfter(timeoutMs: number, response: ServerResponse): AbortSignal {
  if (timeoutMs <= 0) return AbortSignal.abort();
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, AbortSignal.timeout(timeoutMs)]);
}

function fetchTimeout(asked: string | null, otherwiseMs: number): number {
  if (asked === null) return otherwiseMs;
  const ms = parseDuration(asked);
  if (ms === undefined) throw new BadRequest('Could not parse fetch-timeout', `time: invalid duration "${asked}"`);
  return Math.min(ms, FETCH_TIMEOUT_MS_MAX);
}

function parseRequest(body: string): z.infer<typeof REQUEST> {
  try {
    return REQUEST.parse(JSON.parse(body));
  } catch (error) {
    throw new BadRequest('Could not parse request body', error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error));
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new BadRequest('Could not parse request body', `larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function fail(response: ServerResponse, { error, log }: { error: unknown; log: Logger }): void {
  if (response.destroyed || response.headersSent) return void response.destroy();
  if (!(error instanceof BadRequest)) {
    log.error({ err: error }, 'a request for monitoring assignments failed');
    return text(response, 500, '500: Internal Server Error');
  }
  const { title, detail } = error;
  const document = { type: '', status: 0, title, detail, details: detail };
  // The body may not have been read to its end.
  response.writeHead(400, { 'content-type': 'application/json', connection: 'close' }).end(`${JSON.stringify(document, null, 1)}\n`);
}

function text(response: ServerResponse, code: number, body: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const variable = 'KUMA_MONITORING_ASSIGNMENT_SERVER_PORT';
      reject(new MeshError('unavailable', { public: `cannot listen on port ${port} (${variable}): ${messageOf(cause)}`, cause }));
    });
    server.listen(port, () => resolve());
  });
}
