import { execFileSync } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FeedEvent, ResourceView } from '@mesh/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EmbeddedPostgres, PostgresResourceStore, type PostgresStoreConfig, startEmbeddedPostgres } from '../src/index.js';
import { TestServer } from './databases.js';
import { Relay } from './relay.js';

const AUTHOR = { name: 'failover-test' };
const eventually = { timeout: 30_000, interval: 20 };

async function ask<Row extends pg.QueryResultRow>(server: EmbeddedPostgres, sql: string, database = 'postgres'): Promise<Row[]> {
  const { host, port, user, password } = server;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A server that follows another one, made from a copy of its stopped data. */
async function startStandby(primary: EmbeddedPostgres, dataDir: string): Promise<EmbeddedPostgres> {
  const { host, port, user, password } = primary;
  execFileSync('cp', ['-a', primary.dataDir, dataDir]); // with its owners
  await writeFile(join(dataDir, 'standby.signal'), '');
  await appendFile(
    join(dataDir, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${host} port=${port} user=${user} password=${password} application_name=standby'\n`,
  );
  return startEmbeddedPostgres({ dataDir });
}

describe('a failover to another database server', () => {
  let server: TestServer;
  let primary: EmbeddedPostgres;
  let standby: EmbeddedPostgres;
  let config: PostgresStoreConfig;

  beforeAll(async () => {
    server = await TestServer.start();
    config = await server.database();
    const { dataDir, port } = server.postgres;
    await server.postgres.stop();
    standby = await startStandby(server.postgres, `${dataDir}-standby`);
    primary = await startEmbeddedPostgres({ dataDir, port });
    await ask(primary, "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
    await ask(primary, 'SELECT pg_reload_conf()');
    const sync = "SELECT 1 AS ready FROM pg_stat_replication WHERE sync_state = 'sync'";
    await vi.waitFor(async () => expect(await ask(primary, sync)).toHaveLength(1), eventually);
  });
  afterAll(async () => {
    await standby?.stop();
    await primary?.stop();
    await server.stop();
  });

  it('loses no acknowledged write, repeats none, and followers hear of each once', async () => {
    const address = await Relay.start(primary);
    const stores = await Promise.all(
      [1, 2].map(() => PostgresResourceStore.open({ config: { ...config, port: address.port }, writePatienceMs: 60_000 })),
    );
    const events: FeedEvent[] = [];
    const view = new ResourceView();
    await stores[1]?.follow((event) => {
      events.push(event);
      view.apply(event);
    });
    const acknowledged: string[] = [];
    let longestMs = 0;
    let going = true;
    const writers = stores.flatMap((store, s) =>
      [0, 1, 2].map(async (w) => {
        for (let n = 0; going; n++) {
          const name = `w${s}-${w}-${n}`;
          const askedAt = performance.now();
          await store.transact([{ op: 'create', draft: { kind: 'Dataplane', mesh: 'default', name, spec: { n } } }], { author: AUTHOR });
          longestMs = Math.max(longestMs, performance.now() - askedAt);
          acknowledged.push(name);
        }
      }),
    );
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(100), eventually);
    process.kill(primary.pid, 'SIGKILL');
    address.target = { host: '127.0.0.1', port: 1 };
    address.cut();
    await ask(standby, 'SELECT pg_promote(true, 60)');
    address.target = standby;
    const before = acknowledged.length;
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before + 100), eventually);
    going = false;
    await Promise.all(writers);
    process.stdout.write(`${acknowledged.length} writes acknowledged over the failover; the longest took ${Math.round(longestMs)} ms\n`);

    const log = await ask<{ name: string; revision: string }>(
      standby,
      'SELECT name, revision FROM change_log ORDER BY revision',
      config.dbName,
    );
    expect(log.map(({ name }) => name).sort()).toEqual([...acknowledged].sort());
    expect(log.map(({ revision }) => Number(revision))).toEqual(log.map((_, i) => i + 1));
    await vi.waitFor(() => expect(view.revision).toBe(log.length), eventually);
    expect(events.filter(({ type }) => type === 'snapshot')).toHaveLength(1);
    const heard = events.flatMap((event) => (event.type === 'changes' ? event.changes.map(({ revision }) => revision) : []));
    expect(heard).toEqual(log.map((_, i) => i + 1));
    await Promise.all(stores.map((store) => store.close()));
    await address.stop();
  });
});

describe('a follower of a database that was put back and written to since', () => {
  it('starts over from a snapshot although the revisions go on', async () => {
    const server = await TestServer.start();
    const config = await server.database();
    const writer = await PostgresResourceStore.open({ config });
    const relay = await Relay.start(config);
    const follower = await PostgresResourceStore.open({ config: { ...config, port: relay.port } });
    const put = (name: string, n: number) =>
      writer.transact([{ op: 'upsert', draft: { kind: 'Dataplane', mesh: 'default', name, spec: { n } } }], { author: AUTHOR });
    const view = new ResourceView();
    await follower.follow(view.apply);
    await put('a', 1);
    await put('a', 2);
    await vi.waitFor(() => expect(view.revision).toBe(2), eventually);
    relay.target = { host: '127.0.0.1', port: 1 };
    relay.cut();
    await server.query(
      `DELETE FROM change_log WHERE revision = 2; UPDATE store_meta SET revision = 1;
       UPDATE resources r SET version = 1, spec = l.resource->'spec' FROM change_log l WHERE l.revision = 1`,
      config.dbName,
    );
    await put('a', 3);
    await put('b', 1);
    relay.target = config;
    await vi.waitFor(() => expect(view.revision).toBe(3), eventually);
    expect(view.get({ kind: 'Dataplane', mesh: 'default', name: 'a' })?.spec).toEqual({ n: 3 });
    await Promise.all([writer.close(), follower.close()]);
    await relay.stop();
    await server.stop();
  });
});
