import { randomBytes } from 'node:crypto';
import { type FeedEvent, type Leadership, MeshError, type Mutation, type ResourceStore } from '@mesh/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PostgresResourceStore, type PostgresStoreConfig, startEmbeddedPostgres } from '../src/index.js';
import { TestServer } from './databases.js';
import { WireProxy } from './wire-proxy.js';

const AUTHOR = { name: 'faults-test' };
const eventually = { timeout: 20_000, interval: 10 };

const put = (name: string, n = 0): Mutation => ({ op: 'upsert', draft: { kind: 'Dataplane', mesh: 'default', name, spec: { n } } });
const write = (store: ResourceStore, ...mutations: Mutation[]) => store.transact(mutations, { author: AUTHOR });
const describeEvents = (events: readonly FeedEvent[]): string[] =>
  events.map((event) =>
    event.type === 'snapshot' ? `snapshot ${event.snapshot.revision}` : event.changes.map((c) => c.revision).join(' '),
  );

describe('PostgresResourceStore', () => {
  let server: TestServer;
  let config: PostgresStoreConfig;
  let proxy: WireProxy;
  let near: PostgresResourceStore;
  let far: PostgresResourceStore;

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    config = await server.database();
    proxy = await WireProxy.start(config);
    near = await PostgresResourceStore.open({ config });
    far = await PostgresResourceStore.open({ config: { ...config, port: proxy.port }, keepAliveMs: 200, writePatienceMs: 300 });
  });
  afterEach(async () => {
    await Promise.all([near.close(), far.close()]);
    await proxy.stop();
  });

  it('sends nothing while idle but signs of life on one connection', async () => {
    const events: FeedEvent[] = [];
    await far.follow((event) => events.push(event));
    const { revision } = await write(near, put('a'));
    await vi.waitFor(() => expect(describeEvents(events)).toEqual(['snapshot 0', String(revision)]), eventually);
    const sign = proxy.statements.length;
    await proxy.sent(sign + 2);
    proxy.forget();
    await proxy.sent(5);
    expect(new Set(proxy.statements)).toEqual(new Set(['SELECT 1']));
  });

  it('is woken by the notification alone: one read per change', async () => {
    const quiet = await PostgresResourceStore.open({ config: { ...config, port: proxy.port }, keepAliveMs: 3_600_000 });
    const events: FeedEvent[] = [];
    await far.close();
    await quiet.follow((event) => events.push(event));
    const { revision } = await write(near, put('a'));
    await vi.waitFor(() => expect(events).toHaveLength(2), eventually);
    proxy.forget();
    await write(near, put('b'));
    await vi.waitFor(() => expect(describeEvents(events).at(-1)).toBe(String(revision + 1)), eventually);
    expect(proxy.statements).toEqual([expect.stringContaining('FROM change_log')]);
    await quiet.close();
  });

  it('catches up from its revision after the connection was cut, without a new snapshot', async () => {
    const events: FeedEvent[] = [];
    await far.follow((event) => events.push(event));
    await write(near, put('a'));
    await vi.waitFor(() => expect(events).toHaveLength(2), eventually);
    proxy.cut();
    await write(near, put('b'));
    await write(near, put('c'), put('d'));
    await expect(write(far, put('x'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(far.list({})).rejects.toMatchObject({ code: 'unavailable' });
    await expect(far.follow(() => {})).rejects.toMatchObject({ code: 'unavailable' });
    proxy.accept();
    await vi.waitFor(() => expect(describeEvents(events)).toEqual(['snapshot 0', '1', '2', '3 4']), eventually);
    expect((await write(far, put('e'))).revision).toBe(5);
  });

  it('finds a connection that carries nothing any more, and catches up on a new one', async () => {
    const events: FeedEvent[] = [];
    await far.follow((event) => events.push(event));
    proxy.freeze();
    await write(near, put('a'));
    await vi.waitFor(() => expect(describeEvents(events)).toEqual(['snapshot 0', '1']), eventually);
  });

  it('starts over from a snapshot where the log was trimmed meanwhile', async () => {
    const events: FeedEvent[] = [];
    await far.follow((event) => events.push(event));
    proxy.cut();
    await write(near, put('a'), put('b'));
    await write(near, put('c'));
    await server.query('DELETE FROM change_log WHERE revision <= 2', config.dbName);
    proxy.accept();
    await vi.waitFor(() => expect(describeEvents(events)).toEqual(['snapshot 0', 'snapshot 3']), eventually);
    await write(near, put('d'));
    await vi.waitFor(() => expect(describeEvents(events).at(-1)).toBe('4'), eventually);
  });

  it('starts over from a snapshot where the database was put back to an earlier state', async () => {
    await write(near, put('a'), put('b'), put('c'));
    const events: FeedEvent[] = [];
    await far.follow((event) => events.push(event));
    proxy.cut();
    await server.query(
      "DELETE FROM change_log WHERE revision > 1; DELETE FROM resources WHERE name <> 'a'; UPDATE store_meta SET revision = 1",
      config.dbName,
    );
    proxy.accept();
    await vi.waitFor(() => expect(describeEvents(events)).toEqual(['snapshot 3', 'snapshot 1']), eventually);
  });

  it('drops old lines of the log, and followers on time lose nothing', async () => {
    const small = await PostgresResourceStore.open({ config: { ...config, changeLog: { maxLines: 50, maxAge: 0 } } });
    const events: FeedEvent[] = [];
    await near.follow((event) => events.push(event));
    for (let round = 0; round < 3; round++) await write(small, ...Array.from({ length: 500 }, (_, i) => put(`d${i}`, round)));
    await vi.waitFor(() => expect(describeEvents(events).at(-1)?.endsWith(' 1500')).toBe(true), eventually);
    expect(events.filter(({ type }) => type === 'snapshot')).toHaveLength(1);
    const [row] = await server.query<{ oldest: number }>('SELECT min(revision)::int AS oldest FROM change_log', config.dbName);
    expect(row?.oldest).toBe(501);
    await small.close();
  });

  it('ends a leadership when its connection is lost, and fences it out where another took over', async () => {
    const terms: Leadership[] = [];
    const lead = (store: ResourceStore) =>
      store.lead('main', async (leadership) => {
        terms.push(leadership);
        await new Promise((resolve) => leadership.signal.addEventListener('abort', resolve, { once: true }));
      });
    lead(far);
    await vi.waitFor(() => expect(terms).toHaveLength(1), eventually);
    lead(near);
    proxy.cut();
    await vi.waitFor(() => expect(terms[0]?.signal.aborted).toBe(true), eventually);
    await vi.waitFor(() => expect(terms).toHaveLength(2), eventually);
    proxy.accept();
    const late = near.transact([put('late')], { author: AUTHOR, fence: terms[0]?.fence ?? 0 });
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
    await near.transact([put('new')], { author: AUTHOR, fence: terms[1]?.fence ?? 0 });
  });

  it('refuses what the database cannot hold, and nothing that was asked for at the same time', async () => {
    const long = randomBytes(20_000).toString('hex');
    const names = ['a', 'b', long, 'c'];
    const results = await Promise.allSettled(names.map((name) => write(near, put(name))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(results[2]).toMatchObject({ reason: { code: 'too_large' } });
    expect((await near.list({})).map(({ meta }) => meta.name).sort()).toEqual(['a', 'b', 'c']);
  });

  it('keeps to its bound of connections under load', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, i) => write(far, put(`p${i}`))));
    expect(proxy.connections).toBeLessThanOrEqual((config.maxOpenConnections ?? 0) + 1);
    expect(await near.list({})).toHaveLength(40);
  });

  it('writes who did what, before and after, into the log', async () => {
    await write(near, put('a', 1));
    await write(near, put('a', 2));
    const rows = await server.query(
      "SELECT author, op, before->'spec' AS before, resource->'spec' AS after FROM change_log ORDER BY revision",
      config.dbName,
    );
    expect(rows).toEqual([
      { author: AUTHOR.name, op: 'put', before: null, after: { n: 1 } },
      { author: AUTHOR.name, op: 'put', before: { n: 1 }, after: { n: 2 } },
    ]);
  });
});

describe('a restart of the database server', () => {
  it('is survived: reads fail as unavailable meanwhile, then the feed goes on', async () => {
    const server = await TestServer.start();
    const { port, dataDir } = server.postgres;
    const config = await server.database();
    const store = await PostgresResourceStore.open({ config });
    const events: FeedEvent[] = [];
    await store.follow((event) => events.push(event));
    await write(store, put('a'));
    await server.postgres.stop();
    await expect(store.list({})).rejects.toSatisfy((error) => MeshError.is(error, 'unavailable'));
    const again = await startEmbeddedPostgres({ dataDir, port });
    await vi.waitFor(async () => expect((await write(store, put('b'))).revision).toBe(2), eventually);
    await vi.waitFor(() => expect(describeEvents(events)).toEqual(['snapshot 0', '1', '2']), eventually);
    await store.close();
    await again.stop();
    await server.stop();
  });
});
