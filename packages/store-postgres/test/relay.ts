import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';

/** What happens to a piece of a connection on its way: nothing, it waits, or (false) it is lost with the connection. */
export type Hook = (chunk: Buffer) => Promise<boolean> | boolean | undefined;

export interface RelayHooks {
  toServer?: Hook;
  toClient?: Hook;
}

/** An address that moves: a TCP relay whose target can be changed and whose traffic can be looked at, held and lost. */
export class Relay {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly listener: Server,
    public target: { readonly host: string; readonly port: number },
    public hooks: RelayHooks,
  ) {}

  static async start(target: { host: string; port: number }, hooks: RelayHooks = {}): Promise<Relay> {
    const listener = createServer();
    const relay = new Relay(listener, target, hooks);
    listener.on('connection', (client) => relay.join(client));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return relay;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  private join(client: Socket): void {
    const server = connect(this.target);
    const end = (): void => {
      for (const socket of [client, server]) {
        socket.destroy();
        this.sockets.delete(socket);
      }
    };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    pass({ from: client, to: server, hook: (chunk) => this.hooks.toServer?.(chunk), end });
    pass({ from: server, to: client, hook: (chunk) => this.hooks.toClient?.(chunk), end });
  }
}

function pass({ from, to, hook, end }: { from: Socket; to: Socket; hook: Hook; end: () => void }): void {
  let turn: Promise<void> = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    turn = turn.then(async () => {
      if ((await hook(chunk)) === false) end();
      else if (!to.destroyed) to.write(chunk);
    });
  });
}
