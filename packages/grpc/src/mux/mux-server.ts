import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { createTlsFront, OpenSockets, type TlsSettings } from './tls-front.js';

/** `ReadHeaderTimeout` of contract/dataplane.md §1.1. */
const headersTimeoutDefaultMs = 5_000;

/** The kernel asks a peer that has been silent for so long whether it is there; ten times unanswered, a second each, end the connection. */
const tcpKeepaliveMs = 15_000;

/**
 * Connections that the kernel may hold ready before they are taken; it takes less where `net.core.somaxconn` says so. With Node's 511 thousands
 * that dial at once are partly dropped in a way that they learn of by their own retransmissions alone, after half a minute.
 */
const backlogMax = 4_096;

export interface MuxServerOptions extends TlsSettings {
  readonly http: RequestListener;
  /** With its services added; not bound to a port of its own. */
  readonly grpc: GrpcServer;
  /** How long the head of an HTTP request may take; 5 s unless said. */
  readonly headersTimeoutMs?: number | undefined;
  /** May take a connection, of which nothing was read, away to another process: true if it did. */
  readonly place?: ((socket: Socket, served: number) => boolean) | undefined;
}

export interface MuxServer {
  /** Resolves with the port once it is bound; port 0 takes a free one. */
  listen(options: { readonly port: number; readonly host?: string }): Promise<number>;
  /** Serves connections whose TLS ends elsewhere. */
  readonly plain: { http(socket: Socket): void; grpc(socket: Socket): void };
  /** Takes nothing new, lets what runs end for at most `graceMs`, then cuts it. */
  close(graceMs: number): Promise<void>;
}

/** One TLS port for gRPC and HTTP, as `createTlsFront` tells them apart. */
export function createMuxServer(options: MuxServerOptions): MuxServer {
  const sockets = new OpenSockets();
  const { headersTimeoutMs = headersTimeoutDefaultMs } = options;
  const timeouts = { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: headersTimeoutMs };
  const httpServer = createHttpServer(timeouts, options.http);
  // Never listens itself: this starts the check of its timeouts all the same.
  httpServer.emit('listening');
  // TLS ends here, so gRPC gets plain streams.
  const injector = options.grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const http = (socket: Socket) => void httpServer.emit('connection', socket);
  const grpc = (socket: Socket) => injector.injectConnection(socket);
  const tls = createTlsFront(options, { http, grpc });
  // Nothing may be read of a connection that another process takes.
  const keepalive = { keepAlive: true, keepAliveInitialDelay: tcpKeepaliveMs };
  const tcpServer = createTcpServer({ pauseOnConnect: true, ...keepalive }, (socket) => {
    if (options.place?.(socket, sockets.count)) return;
    sockets.add(socket);
    tls.emit('connection', socket);
  });
  return {
    plain: { http, grpc },
    listen: ({ port, host }) =>
      new Promise((resolve, reject) => {
        tcpServer.once('error', reject);
        tcpServer.listen({ port, backlog: backlogMax, ...(host === undefined ? {} : { host }) }, () => {
          tcpServer.removeListener('error', reject);
          resolve((tcpServer.address() as AddressInfo).port);
        });
      }),
    close: async (graceMs) => {
      // Not until its callback: Node never calls that of a server whose connections went to a process that is gone.
      tcpServer.close();
      injector.drain(graceMs);
      httpServer.close();
      httpServer.closeIdleConnections();
      const cut = setTimeout(() => sockets.destroyAll(), graceMs);
      await sockets.none();
      clearTimeout(cut);
      injector.destroy();
    },
  };
}
