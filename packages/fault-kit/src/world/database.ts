import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@mesh/core';
import { type EmbeddedPostgres, type StoreChoice, startEmbeddedPostgres, until } from '@mesh/lab-kit';
import pg from 'pg';
import { Relay } from './relay.js';
import { SmallDisk } from './small-disk.js';

export interface DatabaseOptions {
  /** For its data; made. */
  readonly dir: string;
  readonly port: number;
  /** On a file system of its own that can be filled, where this machine allows to mount one. */
  readonly isOnSmallDisk?: boolean;
}

const DATABASE = 'mesh';
/** Few enough that one client can take them all. */
const CONNECTIONS_MAX = 40;

/** The Postgres server of one control plane: a real one, which dies, comes back, and answers late. */
export class Database {
  private readonly hogs: pg.Client[] = [];

  private constructor(
    private readonly options: DatabaseOptions,
    private server: EmbeddedPostgres,
    private readonly around: { readonly relay: Relay; readonly disk: SmallDisk | undefined },
  ) {}

  static async start(options: DatabaseOptions): Promise<Database> {
    mkdirSync(options.dir, { mode: 0o711 });
    const disk = options.isOnSmallDisk && SmallDisk.isPossible() ? SmallDisk.mount(options.dir) : undefined;
    return new Database(options, await launch(options), { relay: await Relay.start(() => options.port), disk });
  }

  /** How the control plane reaches it. */
  get store(): StoreChoice {
    const { host, user, password } = this.server;
    return { type: 'postgres', host, port: this.around.relay.port, user, password, database: DATABASE };
  }

  /** SIGKILL to the server; resolves when nobody listens any more. */
  async kill(): Promise<void> {
    process.kill(this.server.pid, 'SIGKILL');
    await until({ what: 'the end of Postgres', deadlineMs: 10_000 }, async () => !(await this.accepts()));
  }

  /** Starts it again on its data; resolves when it takes connections. */
  async startAgain(): Promise<void> {
    // Children of a killed server hold its shared memory for a moment.
    for (let attempt = 0; ; attempt++) {
      try {
        this.server = await launch(this.options);
        return;
      } catch (error) {
        if (attempt === 50) throw error;
        await delay(100);
      }
    }
  }

  /** An orderly stop and start. */
  async restart(): Promise<void> {
    await this.server.stop();
    await this.startAgain();
  }

  /** Every answer comes so much later; 0 ends that. */
  slowDown(delayMs: number): void {
    this.around.relay.slowDown(delayMs);
  }

  /** Takes every free connection, ends those of others, and takes theirs too. */
  async takeAllConnections(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      while (await this.takeOne());
      const ours = this.hogs.map((hog) => (hog as unknown as { processID: number }).processID);
      await this.hogs[0]?.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${DATABASE}' AND NOT pid = ANY($1)`,
        [ours],
      );
    }
    while (await this.takeOne());
  }

  async giveConnectionsBack(): Promise<void> {
    await Promise.allSettled(this.hogs.splice(0).map((hog) => hog.end()));
  }

  /** Leaves not a byte on its disk, and makes the server notice: it ends, and cannot start. */
  async fillDisk(): Promise<void> {
    if (!this.around.disk) throw new Error('filling a disk needs Linux and root');
    const client = this.client();
    await client.connect();
    this.around.disk.fill();
    // Each starts another file of the log, until there is none left to use again.
    const isLeft = () => client.query("SELECT pg_logical_emit_message(true, 'fill', 'x'), pg_switch_wal()").then(() => true);
    while (await isLeft().catch(() => this.accepts()));
    await client.end().catch(() => {});
  }

  /** Gives the room back; the server is to be started again. */
  freeDisk(): void {
    this.around.disk?.free();
  }

  async stop(): Promise<void> {
    await this.giveConnectionsBack();
    this.around.relay.stop();
    this.around.disk?.free();
    await this.server.stop();
    this.around.disk?.unmount();
  }

  private async takeOne(): Promise<boolean> {
    const client = this.client();
    try {
      await client.connect();
      this.hogs.push(client);
      return true;
    } catch (error) {
      if (!/too many clients|remaining connection slots/.test(messageOf(error))) throw error;
      return false;
    }
  }

  private async accepts(): Promise<boolean> {
    const client = this.client();
    return client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
  }

  private client(): pg.Client {
    const { user, password } = this.server;
    const client = new pg.Client({ host: '127.0.0.1', port: this.options.port, user, password, database: DATABASE });
    client.on('error', () => {});
    return client;
  }
}

function launch(options: DatabaseOptions): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: join(options.dir, 'data'),
    port: options.port,
    databases: [DATABASE],
    settings: {
      max_connections: String(CONNECTIONS_MAX),
      superuser_reserved_connections: '0',
      shared_buffers: '16MB',
      min_wal_size: '32MB',
    },
  });
}
