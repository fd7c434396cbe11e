import type { Socket } from 'node:net';
import { createServer, type SecureVersion, type Server, type TLSSocket } from 'node:tls';

/** How long a client has for the TLS handshake. */
const handshakeTimeoutMs = 10_000;

/** Certificate and bounds of a TLS server. */
export interface TlsSettings {
  /** PEM. */
  readonly cert: string | Buffer;
  /** PEM. */
  readonly key: string | Buffer;
  readonly minVersion?: SecureVersion | undefined;
  readonly maxVersion?: SecureVersion | undefined;
  /** As OpenSSL writes them. */
  readonly ciphers?: string | undefined;
  /** 48 bytes, the same in every process that serves one port; absent: of this process alone. */
  readonly ticketKeys?: Buffer | undefined;
}

/** Who gets a connection once its TLS stands. */
export interface TlsConsumers {
  http(socket: TLSSocket): void;
  grpc(socket: TLSSocket): void;
}

/**
 * A TLS server for gRPC and HTTP on one port (contract/dataplane.md §1.1). Who offers HTTP/1.1 is an HTTP client, also when
 * it would speak HTTP/2 (Go's offers both); who offers HTTP/2 alone speaks gRPC, as Envoy and all gRPC clients do.
 */
export function createTlsFront(settings: TlsSettings, consumers: TlsConsumers): Server {
  const { cert, key, minVersion = 'TLSv1.2', maxVersion, ciphers, ticketKeys } = settings;
  const server = createServer(
    {
      cert,
      key,
      minVersion,
      ...(maxVersion && { maxVersion }),
      ...(ciphers && { ciphers }),
      ...(ticketKeys && { ticketKeys }),
      handshakeTimeout: handshakeTimeoutMs,
      ALPNCallback: ({ protocols }) => (protocols.includes('http/1.1') ? 'http/1.1' : protocols.includes('h2') ? 'h2' : undefined),
    },
    (socket) => {
      socket.on('error', () => socket.destroy());
      if (socket.alpnProtocol === 'h2') consumers.grpc(socket);
      else consumers.http(socket);
    },
  );
  // A client that fails its handshake harms nobody but itself.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

/** Connections from before their handshake on, so that those can be cut that never end it. */
export class OpenSockets {
  private readonly sockets = new Set<Socket>();
  private waiting: (() => void)[] = [];

  get count(): number {
    return this.sockets.size;
  }

  add(socket: Socket, onClosed: () => void = () => {}): void {
    this.sockets.add(socket);
    socket.once('close', () => {
      this.sockets.delete(socket);
      onClosed();
      if (this.sockets.size === 0) for (const resolve of this.waiting.splice(0)) resolve();
    });
  }

  /** Resolves once none is open. */
  none(): Promise<void> {
    return this.sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  destroyAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
