import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Bytes of all TCP connections of this process to one port, TLS included; `node:diagnostics_channel` tells of each. */
export class ConnectionBytes {
  private readonly open = new Set<Socket>();
  private closed = 0;

  constructor(private readonly port: number) {
    subscribe('net.client.socket', this.onSocket);
  }

  /** Bytes both ways so far. */
  get total(): number {
    let total = this.closed;
    for (const socket of this.open) total += socket.bytesRead + socket.bytesWritten;
    return total;
  }

  stop(): void {
    unsubscribe('net.client.socket', this.onSocket);
  }

  private readonly onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.once('connect', () => {
      if (socket.remotePort === this.port) this.open.add(socket);
    });
    socket.once('close', () => {
      if (this.open.delete(socket)) this.closed += socket.bytesRead + socket.bytesWritten;
    });
  };
}
