import { connect, createServer, type Server, type Socket } from 'node:net';

/** A plain TCP load balancer: each connection goes to the next port that takes it, whoever dials. */
export class Balancer {
  private readonly sockets = new Set<Socket>();
  private next = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    /** Ports of this machine; those that are not in service are left out by whoever sets them. */
    public targets: readonly number[],
  ) {}

  static start(targets: readonly number[] = []): Promise<Balancer> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const balancer = new Balancer(server, typeof address === 'object' && address ? address.port : 0, targets);
        server.on('connection', (socket) => balancer.join(socket, balancer.targets.length));
        resolve(balancer);
      });
    });
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private join(near: Socket, triesLeft: number): void {
    const target = this.targets[this.next++ % Math.max(1, this.targets.length)];
    if (target === undefined || triesLeft === 0) return void near.destroy();
    const far = connect(target, '127.0.0.1');
    this.sockets.add(far);
    const refused = (): void => this.join(near, triesLeft - 1);
    far.once('error', refused);
    far.once('connect', () => {
      far.off('error', refused);
      this.sockets.add(near);
      const end = (): void => {
        for (const socket of [near, far]) {
          socket.destroy();
          this.sockets.delete(socket);
        }
      };
      for (const socket of [near, far]) socket.on('error', end).on('close', end);
      near.pipe(far);
      far.pipe(near);
    });
  }
}
