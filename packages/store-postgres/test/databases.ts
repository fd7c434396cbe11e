import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, type PostgresStoreConfig, runMigrations, startEmbeddedPostgres } from '../src/index.js';

/** Directory of a Postgres installed on the machine, if there is one. */
export function installedBinDir(): string | undefined {
  const candidates = [process.env.MESH_POSTGRES_BIN, '/usr/lib/postgresql/15/bin'];
  return candidates.find((dir) => dir && existsSync(join(dir, 'postgres')));
}

/** A server of one test file, with a migrated template to make databases from. */
export class TestServer {
  private constructor(
    readonly postgres: EmbeddedPostgres,
    private readonly directory: string,
  ) {}

  static async start(binDir?: string): Promise<TestServer> {
    const directory = mkdtempSync(join(tmpdir(), 'mesh-pg-test-'));
    chmodSync(directory, 0o755);
    const options = { dataDir: join(directory, 'data'), databases: ['template'], ...(binDir ? { binDir } : {}) };
    const server = new TestServer(await startEmbeddedPostgres(options), directory);
    await runMigrations(server.config('template'));
    return server;
  }

  config(dbName: string): PostgresStoreConfig {
    const { host, port, user, password } = this.postgres;
    return { host, port, user, password, dbName, maxOpenConnections: 5 };
  }

  /** A new database with the schema in place. */
  async database(template = 'template'): Promise<PostgresStoreConfig> {
    const name = `t_${randomBytes(6).toString('hex')}`;
    await this.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    return this.config(name);
  }

  /** Runs one statement and returns its rows. */
  async query<Row extends pg.QueryResultRow>(sql: string, dbName = 'postgres'): Promise<Row[]> {
    const client = await this.client(dbName);
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async client(dbName: string): Promise<pg.Client> {
    const { host, port, user, password } = this.postgres;
    const client = new pg.Client({ host, port, user, password, database: dbName });
    await client.connect();
    return client;
  }

  async stop(): Promise<void> {
    await this.postgres.stop();
    for (const path of [this.postgres.dataDir, this.directory]) rmSync(path, { recursive: true, force: true });
  }
}
