import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Mutation, messageOf } from '@mesh/core';
import { type EmbeddedPostgres, type StoreChoice, startEmbeddedPostgres, until } from '@mesh/lab-kit';
import { PostgresResourceStore } from '@mesh/store-postgres';
import pg from 'pg';
import { Relay } from './relay.js';
import { SmallDisk } from './small-disk.js';
import { promote, startStandby } from './standby.js';

export interface DatabaseOptions {
  /** For its data; made. */
  readonly dir: string;
  readonly port: number;
  /** On a file system of its own that can be filled, where this machine allows to mount one. */
  readonly isOnSmallDisk?: boolean;
  /** Reached without the relay that makes it slow, or moves it: where much is written, the relay would be what one measures. */
  readonly isDirect?: boolean;
}

const DATABASE = 'mesh';
/** So few connections that one client can take them all. */
const SERVER_SETTINGS = { max_connections: '40', superuser_reserved_connections: '0', shared_buffers: '16MB', min_wal_size: '32MB' };

/** The Postgres server of one control plane: a real one, which dies, comes back, answers late, and is replaced by its standby. */
export class Database {
  private readonly hogs: pg.Client[] = [];
  private standby: EmbeddedPostgres | undefined;

  private constructor(
    private readonly options: DatabaseOptions,
    private server: EmbeddedPostgres,
    private readonly around: { readonly relay: Relay; readonly disk: SmallDisk | undefined },
  ) {}

  static async start(options: DatabaseOptions): Promise<Database> {
    mkdirSync(options.dir, { mode: 0o711 });
    const disk = options.isOnSmallDisk && SmallDisk.isPossible() ? SmallDisk.mount(options.dir) : undefined;
    const server = await launch(join(options.dir, 'data'), options.port);
    const relay = await Relay.start(() => made.server.port);
    const made: Database = new Database(options, server, { relay, disk });
    return made;
  }

  /** How the control plane reaches it. */
  get store(): StoreChoice {
    const { host, user, password } = this.server;
    const port = this.options.isDirect ? this.server.port : this.around.relay.port;
    return { type: 'postgres', host, port, user, password, database: DATABASE };
  }

  /** SIGKILL to the server; resolves when nobody listens any more. */
  async kill(): Promise<void> {
    process.kill(this.server.pid, 'SIGKILL');
    await until({ what: 'the end of Postgres', deadlineMs: 10_000 }, async () => !(await this.accepts()));
  }

  /** A second server follows this one; from now on no write is acknowledged that it does not have. */
  async startStandby(): Promise<void> {
    this.standby = await startStandby(this.server, join(this.options.dir, `data-${this.server.port}`));
  }

  /** The standby takes over, at the address of the server that is gone. @throws Error where there is none. */
  async promoteStandby(): Promise<void> {
    if (!this.standby) throw new Error('there is no standby');
    await promote(this.standby);
    this.server = this.standby;
    this.standby = undefined;
  }

  /** Starts it again on its data; resolves when it takes connections. */
  async startAgain(): Promise<void> {
    // Children of a killed server hold its shared memory for a moment.
    for (let attempt = 0; ; attempt++) {
      try {
        this.server = await launch(this.server.dataDir, this.server.port);
        return;
      } catch (error) {
        if (attempt === 50) throw error;
        await delay(100);
      }
    }
  }

  /** Writes as a control plane that knows other rules does: nothing is checked. */
  async write(mutations: readonly Mutation[]): Promise<void> {
    const { host, port, user, password } = this.server;
    const store = await PostgresResourceStore.open({ config: { host, port, user, password, dbName: DATABASE } });
    try {
      await store.transact(mutations, { author: { name: 'another version' } });
    } finally {
      await store.close();
    }
  }

  /** All that was written is gone; the server goes on. */
  async empty(): Promise<void> {
    const { host, port, user, password } = this.server;
    const client = new pg.Client({ host, port, user, password, database: 'postgres' });
    await client.connect();
    try {
      await client.query(`DROP DATABASE ${DATABASE} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${DATABASE}`);
    } finally {
      await client.end();
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
    await Promise.all([this.server.stop(), this.standby?.stop()]);
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
    const { host, port, user, password } = this.server;
    const client = new pg.Client({ host, port, user, password, database: DATABASE });
    client.on('error', () => {});
    return client;
  }
}

function launch(dataDir: string, port: number): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, port, databases: [DATABASE], settings: SERVER_SETTINGS });
}
