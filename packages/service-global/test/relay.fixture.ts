import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** A line between zone and global that can fall silent: nothing passes any more, and nobody is told. */
export class Relay {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(to: number) {
    this.server = createServer((near) => {
      const far = dial(to, '127.0.0.1');
      for (const [from, into] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(from);
        from.on('data', (bytes) => into.write(bytes));
        from.on('error', () => into.destroy());
        from.on('close', () => {
          this.sockets.delete(from);
          into.destroy();
        });
      }
    });
  }

  static async start(to: number): Promise<Relay> {
    const relay = new Relay(to);
    await new Promise<void>((resolve) => relay.server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** Silences the connections there are; new ones pass. */
  silence(): void {
    for (const socket of this.sockets) socket.pause();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
