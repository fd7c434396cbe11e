import { type FeedEvent, type ResourceStore, ResourceView } from '@mesh/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PostgresResourceStore, type PostgresStoreConfig } from '../src/index.js';
import { TestServer } from './databases.js';
import { Relay } from './relay.js';
import { WireProxy } from './wire-proxy.js';

const AUTHOR = { name: 'settings-test' };
const eventually = { timeout: 20_000, interval: 20 };
const put = (store: ResourceStore, name: string, n = 0) =>
  store.transact([{ op: 'upsert', draft: { kind: 'Dataplane', mesh: 'default', name, spec: { n } } }], { author: AUTHOR });

describe('settings of the database', () => {
  let server: TestServer;
  let config: PostgresStoreConfig;
  let proxy: WireProxy;
  const open: PostgresResourceStore[] = [];
  const start = async (settings: Partial<PostgresStoreConfig>, more: { keepAliveMs?: number } = {}): Promise<PostgresResourceStore> => {
    const store = await PostgresResourceStore.open({ config: { ...config, ...settings }, ...more });
    open.push(store);
    return store;
  };

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    config = await server.database();
    proxy = await WireProxy.start(config);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((store) => store.close()));
    await proxy.stop();
  });

  it('minOpenConnections are open from the start, and again after they were cut', async () => {
    await start({ port: proxy.port, minOpenConnections: 3, healthCheckInterval: 50 });
    expect(proxy.connections).toBeGreaterThanOrEqual(3 + 1);
    proxy.cut();
    await vi.waitFor(() => expect(proxy.connections).toBe(0), eventually);
    proxy.accept();
    await vi.waitFor(() => expect(proxy.connections).toBe(3 + 1), eventually);
  });

  it('maxIdleConnections are kept after a rush, the others go', async () => {
    const store = await start({ port: proxy.port, maxOpenConnections: 10, maxIdleConnections: 2 });
    await Promise.all(Array.from({ length: 30 }, () => store.list({})));
    await vi.waitFor(() => expect(proxy.connections).toBeLessThanOrEqual(2 + 1), eventually);
  });

  it('maxConnectionIdleTime and maxConnectionLifetime end connections', async () => {
    const store = await start({ port: proxy.port, maxConnectionIdleTime: 100 });
    await store.list({});
    await vi.waitFor(() => expect(proxy.connections).toBe(1), eventually);
    const mortal = await start({ port: proxy.port, maxConnectionLifetime: 500, maxConnectionLifetimeJitter: 0 });
    await mortal.list({});
    await vi.waitFor(() => expect(proxy.connections).toBe(2), eventually);
  });

  it('connectionTimeout ends an attempt that gets no answer', async () => {
    const mute = await Relay.start(config, { toClient: () => new Promise(() => {}) });
    const refusal = { code: 'unavailable', message: expect.stringContaining('timeout') };
    await expect(start({ port: mute.port, connectionTimeout: 1 })).rejects.toMatchObject(refusal);
    await mute.stop();
  });

  it('a read replica answers reads of the whole state, by its ratio, and the primary server where it is away', async () => {
    const writer = await start({});
    await put(writer, 'a');
    const reads = (): number => proxy.statements.filter((sql) => sql.includes('FROM store_meta m')).length;
    for (const [ratio, expected] of [
      [100, 1],
      [0, 0],
    ] as const) {
      proxy.forget();
      const view = new ResourceView();
      await (await start({ readReplica: { host: '127.0.0.1', port: proxy.port, ratio } })).follow(view.apply);
      expect([view.count('Dataplane'), reads()]).toEqual([1, expected]);
    }
    proxy.cut();
    const view = new ResourceView();
    await (await start({ readReplica: { host: '127.0.0.1', port: proxy.port, ratio: 100 } })).follow(view.apply);
    expect(view.count('Dataplane')).toBe(1);
  });

  it('maxListQueryElements: who missed more changes loads the whole state', async () => {
    const writer = await start({});
    const events: FeedEvent[] = [];
    const follower = await start({ port: proxy.port, maxListQueryElements: 600 });
    await follower.follow((event) => events.push(event));
    proxy.cut();
    const drafts = Array.from({ length: 700 }, (_, i) => ({ kind: 'Dataplane', mesh: 'default', name: `d${i}`, spec: {} }));
    await writer.transact(
      drafts.map((draft) => ({ op: 'create', draft })),
      { author: AUTHOR },
    );
    proxy.accept();
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['snapshot', 'snapshot']), eventually);
  });

  it('changeLog.maxAge: old lines go, the newest stays, and who missed some starts over', async () => {
    const events: FeedEvent[] = [];
    const follower = await start({ port: proxy.port });
    await follower.follow((event) => events.push(event));
    proxy.cut();
    const writer = await start({ changeLog: { maxAge: 100, maxLines: 100_000 } }, { keepAliveMs: 50 });
    for (const name of ['a', 'b', 'c']) await put(writer, name);
    const log = () => server.query<{ revision: string }>('SELECT revision FROM change_log', config.dbName);
    await vi.waitFor(async () => expect(await log()).toEqual([{ revision: '3' }]), eventually);
    proxy.accept();
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['snapshot', 'snapshot']), eventually);
    await put(writer, 'd');
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: 'changes', changes: [{ revision: 4 }] }), eventually);
  });
});
