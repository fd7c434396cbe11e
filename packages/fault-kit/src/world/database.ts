import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@mesh/core';
import { type EmbeddedPostgres, type StoreChoice, startEmbeddedPostgres, until } from '@mesh/lab-kit';
import pg from 'pg';
import { Relay } from './relay.js';

export interface DatabaseOptions {
  readonly dataDir: string;
  readonly port: number;
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
    private readonly relay: Relay,
  ) {}

  static async start(options: DatabaseOptions): Promise<Database> {
    const server = await launch(options);
    return new Database(options, server, await Relay.start(() => options.port));
  }

  /** How the control plane reaches it. */
  get store(): StoreChoice {
    const { host, user, password } = this.server;
    return { type: 'postgres', host, port: this.relay.port, user, password, database: DATABASE };
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
    this.relay.slowDown(delayMs);
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

  async stop(): Promise<void> {
    await this.giveConnectionsBack();
    this.relay.stop();
    await this.server.stop();
  }

  private async takeOne(): Promise<boolean> {
    const { user, password } = this.server;
    const client = new pg.Client({ host: '127.0.0.1', port: this.options.port, user, password, database: DATABASE });
    client.on('error', () => {});
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
    const { user, password } = this.server;
    const client = new pg.Client({ host: '127.0.0.1', port: this.options.port, user, password, database: DATABASE });
    client.on('error', () => {});
    return client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
  }
}

function launch(options: DatabaseOptions): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: options.dataDir,
    port: options.port,
    databases: [DATABASE],
    settings: { max_connections: String(CONNECTIONS_MAX), superuser_reserved_connections: '0', shared_buffers: '16MB' },
  });
}
