import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A TCP port of ours in front of another one: connections through it can be made slow, or moved. */
export class Relay {
  private delayMs = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param target asked at every connection. */
  static start(target: () => number): Promise<Relay> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const relay = new Relay(server, typeof address === 'object' && address ? address.port : 0);
        server.on('connection', (socket) => relay.join(socket, connect(target(), '127.0.0.1')));
        resolve(relay);
      });
    });
  }

  /** From now on every answer comes so much later. */
  slowDown(delayMs: number): void {
    this.delayMs = delayMs;
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private join(near: Socket, far: Socket): void {
    let order = Promise.resolve();
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => {
      const due = this.delayMs === 0 ? undefined : delay(this.delayMs);
      order = order.then(() => due).then(() => void near.write(chunk));
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        void order.then(() => other.destroy());
      });
    }
  }
}
