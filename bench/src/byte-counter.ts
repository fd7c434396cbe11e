import { connect, createServer, type Server } from 'node:net';

/** A TCP relay on loopback that counts what passes: put between a zone and the global, it counts KDS bytes. */
export class ByteCounter {
  private bytes = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param target port to relay to, read anew for every connection. */
  static async start(target: () => number): Promise<ByteCounter> {
    let counter: ByteCounter | undefined;
    const server = createServer((client) => {
      const upstream = connect(target(), '127.0.0.1');
      const count = (chunk: Buffer) => counter?.add(chunk.length);
      client.on('data', count).pipe(upstream).on('data', count).pipe(client);
      const end = () => {
        client.destroy();
        upstream.destroy();
      };
      for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    counter = new ByteCounter(server, address && typeof address === 'object' ? address.port : 0);
    return counter;
  }

  get total(): number {
    return this.bytes;
  }

  stop(): void {
    this.server.close();
  }

  private add(count: number): void {
    this.bytes += count;
  }
}
