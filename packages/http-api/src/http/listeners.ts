import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Logger, MeshError, messageOf } from '@mesh/core';
import type { ApiSection, ApiTls, ListenerConfig } from '../options.js';
import { Overdue } from './overdue.js';

/** How often Node looks for requests that took too long to arrive at most, in milliseconds. */
const TIMEOUT_CHECK_MS = 2_000;

/** One listener of the API. */
export class Listener {
  private readonly answers = new Set<ServerResponse>();
  private isStopping = false;

  private constructor(
    private readonly server: Server,
    private readonly config: ListenerConfig,
  ) {
    server.prependListener('request', (_request, answer: ServerResponse) => this.note(answer));
  }

  /** Plain HTTP. */
  static http(handle: RequestListener, apiServer: ApiSection): Listener {
    const server = createServer({ connectionsCheckingInterval: checkingMs(apiServer) }, handle);
    return new Listener(guard(server, apiServer), apiServer.http);
  }

  /** HTTPS; client certificates are asked for where CAs for them are given. */
  static https(handle: RequestListener, apiServer: ApiSection, tls: ApiTls): Listener {
    const cas = tls.clientCas ?? [];
    const server = createTlsServer(
      {
        connectionsCheckingInterval: checkingMs(apiServer),
        cert: tls.cert,
        key: tls.key,
        minVersion: tls.minVersion ?? 'TLSv1.2',
        ...(tls.maxVersion ? { maxVersion: tls.maxVersion } : {}),
        ...(tls.ciphers ? { ciphers: tls.ciphers } : {}),
        ...(cas.length > 0 ? { ca: [...cas], requestCert: true } : {}),
        rejectUnauthorized: tls.requireClientCert ?? false,
        requestCert: cas.length > 0 || (tls.requireClientCert ?? false),
        handshakeTimeout: Math.max(apiServer.readTimeout, 1_000),
      },
      handle,
    );
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return new Listener(guard(server, apiServer), apiServer.https);
  }

  /** Binds. Throws MeshError `unavailable` with the address where that fails. */
  async start(): Promise<AddressInfo> {
    const { interface: host, port } = this.config;
    // 0.0.0.0 means every address, of both families, as in Kuma.
    const options = host === '0.0.0.0' || host === '' ? { port } : { port, host };
    await new Promise<void>((resolve, reject) => {
      const fail = (cause: Error): void =>
        reject(new MeshError('unavailable', { public: `cannot listen on ${host}:${port}: ${messageOf(cause)}`, cause }));
      this.server.once('error', fail);
      this.server.listen(options, () => {
        this.server.off('error', fail);
        resolve();
      });
    });
    return this.server.address() as AddressInfo;
  }

  /** Takes no more requests, lets those under way end for a moment, then closes all connections. */
  async stop(graceMs: number): Promise<void> {
    if (!this.server.listening) return;
    this.isStopping = true;
    for (const answer of this.answers) askToLeave(answer);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const timer = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  }

  /** A client that keeps its connection busy, or waits on it for more to ask, would hold up the stop. */
  private note(answer: ServerResponse): void {
    this.answers.add(answer);
    answer.once('close', () => {
      this.answers.delete(answer);
      if (this.isStopping) setImmediate(() => this.server.closeIdleConnections());
    });
    if (this.isStopping) askToLeave(answer);
  }

  /** Logs what goes wrong after the start. */
  reportErrors(log: Logger): void {
    this.server.on('error', (error) => log.error({ err: error }, `listener failed: ${messageOf(error)}`));
  }
}

function askToLeave(answer: ServerResponse): void {
  if (!answer.headersSent) answer.setHeader('connection', 'close');
}

function guard<S extends Server>(server: S, apiServer: ApiSection): S {
  server.headersTimeout = apiServer.readHeaderTimeout;
  server.requestTimeout = apiServer.readTimeout;
  server.keepAliveTimeout = apiServer.idleTimeout;
  const overdue = new Overdue({ server, againMs: apiServer.readTimeout, giveUp: answerGarbage });
  server.on('clientError', (error: ClientError, socket) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') overdue.add(error, socket as Socket);
    else answerGarbage(error, socket as Socket);
  });
  return server;
}

function checkingMs({ readHeaderTimeout }: ApiSection): number {
  return Math.min(TIMEOUT_CHECK_MS, readHeaderTimeout);
}

type ClientError = Error & { code?: string };

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Bytes that are no HTTP: say so and close. */
function answerGarbage(error: ClientError, socket: Socket): void {
  const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request';
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n`;
  socket.end(`${head}Content-Length: ${status.length}\r\n\r\n${status}`, () => socket.destroy());
}
