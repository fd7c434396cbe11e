import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay before a Postgres server: it notes the statements and can play dead, which no real server does on demand. */
export class WireProxy {
  readonly statements: string[] = [];
  private readonly pairs = new Set<{ client: Socket; server: Socket }>();
  private waiters: Array<{ count: number; resolve: () => void }> = [];
  private refusing = false;

  private constructor(private readonly listener: Server) {}

  static async start(target: { host: string; port: number }): Promise<WireProxy> {
    const listener = createServer();
    const proxy = new WireProxy(listener);
    listener.on('connection', (client) => proxy.relay(client, target));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** Resolves when that many statements were sent since the start or the last `forget`. */
  sent(count: number): Promise<void> {
    if (this.statements.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ count, resolve }));
  }

  forget(): void {
    this.statements.length = 0;
  }

  /** Cuts all connections; new ones are cut as well until `accept`. */
  cut(): void {
    this.refusing = true;
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
  }

  accept(): void {
    this.refusing = false;
  }

  /** Present connections stay open but carry nothing until the function returned is called. */
  freeze(): () => void {
    const frozen = [...this.pairs];
    for (const { client, server } of frozen) {
      client.unpipe(server);
      server.unpipe(client);
      client.pause();
      server.pause();
    }
    return () => {
      for (const { client, server } of frozen) {
        client.pipe(server);
        server.pipe(client);
      }
    };
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  private relay(client: Socket, target: { host: string; port: number }): void {
    if (this.refusing) return void client.destroy();
    const server = connect(target);
    const pair = { client, server };
    this.pairs.add(pair);
    const end = (): void => {
      this.pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
    const note = statementReader((sql) => this.note(sql));
    client.on('data', note);
    client.pipe(server);
    server.pipe(client);
  }

  private note(sql: string): void {
    this.statements.push(sql);
    this.waiters = this.waiters.filter(({ count, resolve }) => {
      if (this.statements.length < count) return true;
      resolve();
      return false;
    });
  }
}

/** Reads frontend messages: https://www.postgresql.org/docs/current/protocol-message-formats.html */
function statementReader(onStatement: (sql: string) => void): (chunk: Buffer) => void {
  let buffered = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const header = started ? 5 : 4;
      if (buffered.length < header) return;
      const length = buffered.readInt32BE(header - 4) + header - 4;
      if (buffered.length < length) return;
      const message = buffered.subarray(0, length);
      buffered = buffered.subarray(length);
      if (started) readStatement(message, onStatement);
      started = true;
    }
  };
}

function readStatement(message: Buffer, onStatement: (sql: string) => void): void {
  const type = String.fromCharCode(message[0] ?? 0);
  if (type === 'Q') onStatement(message.toString('utf8', 5, message.length - 1));
  const nameEnd = message.indexOf(0, 5);
  if (type === 'P') onStatement(message.toString('utf8', nameEnd + 1, message.indexOf(0, nameEnd + 1)));
}
