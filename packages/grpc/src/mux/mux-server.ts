import { createServer as createHttpServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer, type SecureVersion } from 'node:tls';
import { type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';

/** How long a client has for the TLS handshake. */
const handshakeTimeoutMs = 10_000;
/** `ReadHeaderTimeout` of contract/dataplane.md §1.1. */
const headersTimeoutMs = 5_000;

export interface MuxServerOptions {
  /** PEM. */
  readonly cert: string | Buffer;
  /** PEM. */
  readonly key: string | Buffer;
  readonly minVersion?: SecureVersion;
  readonly http: RequestListener;
  /** With its services added; not bound to a port of its own. */
  readonly grpc: GrpcServer;
}

export interface MuxServer {
  /** Resolves with the port once it is bound; port 0 takes a free one. */
  listen(options: { readonly port: number; readonly host?: string }): Promise<number>;
  /** Takes nothing new, lets what runs end for at most `graceMs`, then cuts it. */
  close(graceMs: number): Promise<void>;
}

/**
 * One TLS port for gRPC and HTTP (contract/dataplane.md §1.1). Who offers HTTP/1.1 is an HTTP
 * client, also when it would speak HTTP/2 (Go's offers both); who offers HTTP/2 alone speaks
 * gRPC, as Envoy and all gRPC clients do.
 */
export function createMuxServer(options: MuxServerOptions): MuxServer {
  const sockets = new Set<Socket>();
  const httpServer = createHttpServer({ headersTimeout: headersTimeoutMs }, options.http);
  // Never listens itself: this starts the check of its timeouts all the same.
  httpServer.emit('listening');
  // TLS ends here, so gRPC gets plain streams.
  const injector = options.grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const tlsServer = createTlsServer(
    {
      cert: options.cert,
      key: options.key,
      minVersion: options.minVersion ?? 'TLSv1.2',
      handshakeTimeout: handshakeTimeoutMs,
      ALPNCallback: ({ protocols }) => (protocols.includes('http/1.1') ? 'http/1.1' : protocols.includes('h2') ? 'h2' : undefined),
    },
    (socket) => {
      socket.on('error', () => socket.destroy());
      if (socket.alpnProtocol === 'h2') injector.injectConnection(socket);
      else httpServer.emit('connection', socket);
    },
  );
  // Also those whose handshake never ends.
  tlsServer.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // A client that fails its handshake harms nobody but itself.
  tlsServer.on('tlsClientError', (_error, socket) => socket.destroy());

  return {
    listen: ({ port, host }) =>
      new Promise((resolve, reject) => {
        tlsServer.once('error', reject);
        tlsServer.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
          tlsServer.removeListener('error', reject);
          resolve((tlsServer.address() as AddressInfo).port);
        });
      }),
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => tlsServer.close(() => resolve()));
      injector.drain(graceMs);
      httpServer.close();
      httpServer.closeIdleConnections();
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(cut);
      injector.destroy();
    },
  };
}
