import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/index.js';

describe('startEmbeddedPostgres', () => {
  let directory: string;
  const running: EmbeddedPostgres[] = [];
  const start = async (options: { databases?: string[]; temporary?: boolean } = {}): Promise<EmbeddedPostgres> => {
    const postgres = await startEmbeddedPostgres({ dataDir: join(directory, 'data'), ...options });
    running.push(postgres);
    return postgres;
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mesh-pg-embedded-'));
    chmodSync(directory, 0o755);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
    rmSync(directory, { recursive: true, force: true });
  });

  async function ask(postgres: EmbeddedPostgres, sql: string, database = 'postgres'): Promise<unknown[]> {
    const { host, port, user, password } = postgres;
    const client = new pg.Client({ host, port, user, password, database });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it('keeps data and password from one start to the next', async () => {
    const first = await start({ databases: ['kuma'] });
    await ask(first, 'CREATE TABLE t AS SELECT 7 AS n', 'kuma');
    await first.stop();
    const second = await start({ databases: ['kuma', 'more'] });
    expect(second.password).toBe(first.password);
    expect(await ask(second, 'SELECT n FROM t', 'kuma')).toEqual([{ n: 7 }]);
    expect(await ask(second, 'SELECT 1 AS n', 'more')).toEqual([{ n: 1 }]);
  });

  it('asks for the password and listens on loopback only', async () => {
    const postgres = await start();
    await expect(ask({ ...postgres, password: 'wrong' }, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await ask(postgres, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(statSync(join(postgres.dataDir, 'mesh-password')).mode & 0o077).toBe(0);
  });

  it('stops a server whose starter is gone, and starts its own', async () => {
    const first = await start();
    const gone = spawnSync('true').pid;
    writeFileSync(join(first.dataDir, 'mesh-owner.pid'), String(gone));
    const second = await start();
    expect(second.pid).not.toBe(first.pid);
    expect(await ask(second, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await expect(ask(first, 'SELECT 1')).rejects.toThrow();
  });

  it('refuses data that a living process uses', async () => {
    const first = await start();
    writeFileSync(join(first.dataDir, 'mesh-owner.pid'), String(process.ppid));
    await expect(start()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(String(process.ppid)) });
    expect(await ask(first, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('says why the server did not start', async () => {
    const first = await start();
    const other = startEmbeddedPostgres({ dataDir: join(directory, 'other'), port: first.port });
    await expect(other).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('Address already in use') });
  });

  it.skipIf(process.getuid?.() !== 0)('finds another place where its user cannot reach the directory', async () => {
    chmodSync(directory, 0o700);
    const postgres = await start({ temporary: true });
    expect(postgres.dataDir.startsWith(directory)).toBe(false);
    expect(await ask(postgres, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await postgres.stop();
    expect(existsSync(postgres.dataDir)).toBe(false);
  });
});
