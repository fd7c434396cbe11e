import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Logger } from '@mesh/core';
import type { Resolver } from './resolver.js';

const TCP_IDLE_MS = 10_000;
const TCP_CONNECTIONS_MAX = 1000;
const LENGTH_BYTES = 2;
/** Queries that wait while the process does something else. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Called once per answered query. */
export type QueryObserver = (transport: 'udp' | 'tcp', rcode: number) => void;

export interface DnsServerOptions {
  readonly resolver: Resolver;
  readonly address: string;
  /** 0 takes a free port, the same for UDP and TCP. */
  readonly port: number;
  readonly log: Logger;
  readonly onQuery?: QueryObserver;
}

/** UDP and TCP front of the resolver on one port (RFC 1035 §4.2, RFC 7766). */
export class DnsServer {
  private udp: UdpSocket | undefined;
  private tcp: Server | undefined;
  private readonly connections = new Set<Socket>();

  constructor(private readonly options: DnsServerOptions) {}

  /** @returns the port that was bound. */
  async start(): Promise<number> {
    const { address } = this.options;
    const tcp = createServer((socket) => this.serveConnection(socket));
    tcp.maxConnections = TCP_CONNECTIONS_MAX;
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.listen(this.options.port, address, resolve);
    });
    this.tcp = tcp;
    const bound = tcp.address();
    const port = bound && typeof bound === 'object' ? bound.port : this.options.port;
    const family = isIPv6(address) ? 6 : 4;
    const udp = createSocket({ type: `udp${family}`, recvBufferSize: RECEIVE_BUFFER_BYTES, lookup: addressesOnly(family) });
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(port, address, resolve);
    });
    udp.on('error', (error) => this.options.log.warn({ error: error.message }, 'UDP socket error'));
    udp.on('message', (message, peer) => {
      const answer = this.answer(message, 'udp');
      if (answer) udp.send(answer, peer.port, peer.address);
    });
    this.udp = udp;
    return port;
  }

  async stop(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    await Promise.all([
      new Promise<void>((resolve) => (this.udp ? this.udp.close(() => resolve()) : resolve())),
      new Promise<void>((resolve) => (this.tcp ? this.tcp.close(() => resolve()) : resolve())),
    ]);
  }

  private answer(message: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined {
    const answer = this.options.resolver.resolve(message, transport);
    if (answer) this.options.onQuery?.(transport, (answer[3] ?? 0) & 0xf);
    return answer;
  }

  private serveConnection(socket: Socket): void {
    this.connections.add(socket);
    socket.on('close', () => this.connections.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    let pending: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      while (pending.length >= LENGTH_BYTES) {
        const end = LENGTH_BYTES + pending.readUInt16BE(0);
        if (pending.length < end) break;
        const answer = this.answer(pending.subarray(LENGTH_BYTES, end), 'tcp');
        pending = pending.subarray(end);
        if (!answer) return socket.destroy();
        const framed = Buffer.alloc(LENGTH_BYTES + answer.length);
        framed.writeUInt16BE(answer.length, 0);
        answer.copy(framed, LENGTH_BYTES);
        if (!socket.write(framed)) socket.pause();
      }
    });
    socket.on('drain', () => socket.resume());
  }
}

/** Peers are addresses already: `send` would go through a resolver, and the next tick, for each answer. */
function addressesOnly(family: 4 | 6) {
  return (address: string, _options: unknown, done: (error: null, address: string, family: number) => void): void => {
    done(null, address, family);
  };
}
