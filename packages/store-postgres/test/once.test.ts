import type { Mutation, ResourceStore } from '@mesh/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PostgresResourceStore, type PostgresStoreConfig } from '../src/index.js';
import { TestServer } from './databases.js';
import { Relay } from './relay.js';

const AUTHOR = { name: 'once-test' };
const create = (name: string): Mutation => ({ op: 'create', draft: { kind: 'Dataplane', mesh: 'default', name, spec: {} } });
const write = (store: ResourceStore, ...mutations: Mutation[]) => store.transact(mutations, { author: AUTHOR });

const over = (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('a write whose answer is lost', () => {
  let server: TestServer;
  let config: PostgresStoreConfig;
  let relay: Relay;
  let store: PostgresResourceStore;

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    config = await server.database();
    relay = await Relay.start(config);
    store = await PostgresResourceStore.open({ config: { ...config, port: relay.port } });
  });
  afterEach(async () => {
    await store.close();
    await relay.stop();
  });

  const log = () =>
    server.query<{ name: string; revision: string }>('SELECT name, revision FROM change_log ORDER BY revision', config.dbName);

  it('is found where it was committed, and not made again', async () => {
    let committing = false;
    relay.hooks = {
      toServer: (chunk) => {
        committing ||= chunk.includes('COMMIT');
        return true;
      },
      toClient: () => {
        if (!committing) return true;
        relay.hooks = {};
        return false;
      },
    };
    const { revision, changes } = await write(store, create('a'));
    expect({ revision, names: changes.map(({ key }) => key.name) }).toEqual({ revision: 1, names: ['a'] });
    expect(await log()).toEqual([{ name: 'a', revision: '1' }]);
  });

  it('is made again where it was not committed', async () => {
    relay.hooks = {
      toServer: (chunk) => {
        if (!chunk.includes('COMMIT')) return true;
        relay.hooks = {};
        return false;
      },
    };
    expect((await write(store, create('a'))).revision).toBe(1);
    expect(await log()).toEqual([{ name: 'a', revision: '1' }]);
  });

  it('is waited for while the server is still at it', async () => {
    await write(store, create('first')); // prepares its statements, which needs the table as well
    const blocker = await server.client(config.dbName);
    await blocker.query('BEGIN; LOCK TABLE resources IN SHARE MODE');
    const cut = new Promise<void>((resolve) => {
      relay.hooks = {
        toServer: (chunk) => {
          if (!chunk.includes('COMMIT')) return true;
          relay.hooks = {};
          // What was written is on its way; then the connection is gone.
          setImmediate(() => {
            relay.cut();
            resolve();
          });
          return true;
        },
      };
    });
    const written = write(store, create('a'));
    await cut;
    const waiting = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    await vi.waitFor(async () => expect(await server.query(waiting, config.dbName)).toEqual([{ n: 2 }]), { timeout: 10_000, interval: 20 });
    await blocker.query('COMMIT');
    await blocker.end();
    expect((await written).revision).toBe(2);
    expect((await log()).at(-1)).toEqual({ name: 'a', revision: '2' });
  });

  it('says that it may have happened where the database stays away', async () => {
    const impatient = await PostgresResourceStore.open({ config: { ...config, port: relay.port }, writePatienceMs: 200 });
    let committed = false;
    relay.hooks = {
      toServer: (chunk) => {
        committed ||= chunk.includes('COMMIT');
        return true;
      },
      toClient: () => !committed,
    };
    await expect(write(impatient, create('a'))).rejects.toMatchObject({
      code: 'unavailable',
      public: expect.stringContaining('may have happened'),
      hint: expect.stringContaining('read'),
    });
    expect(await log()).toHaveLength(1);
    await impatient.close();
  });
});

describe('a writer that is silent in the middle of a write', () => {
  it('does not hold the others up until it goes on, and gets its write through then', async () => {
    const server = await TestServer.start();
    const config = await server.database();
    const held = new AbortController();
    const seen = new AbortController();
    const relay = await Relay.start(config, {
      toServer: async (chunk) => {
        if (!chunk.includes('COMMIT')) return true;
        seen.abort();
        await over(held.signal);
        return true;
      },
    });
    const paused = await PostgresResourceStore.open({ config: { ...config, port: relay.port } });
    const other = await PostgresResourceStore.open({ config });
    const late = write(paused, create('late'));
    await over(seen.signal);
    const startedAt = performance.now();
    expect((await write(other, create('in-time'))).revision).toBe(1);
    process.stdout.write(`a silent writer held another one up for ${Math.round(performance.now() - startedAt)} ms\n`);
    relay.hooks = {};
    held.abort();
    expect((await late).revision).toBe(2);
    await Promise.all([paused.close(), other.close()]);
    await relay.stop();
    await server.stop();
  });
});

describe('writers that commit out of order', () => {
  it('are read in order and without a gap', async () => {
    const server = await TestServer.start();
    const config = await server.database();
    const reader = await PostgresResourceStore.open({ config });
    const seen: number[] = [];
    let snapshots = 0;
    await reader.follow((event) => {
      if (event.type === 'snapshot') snapshots++;
      else seen.push(...event.changes.map(({ revision }) => revision));
    });
    // The first writer is the slowest to commit, the last one the fastest.
    const relays = await Promise.all(
      [40, 20, 8, 2].map((ms) =>
        Relay.start(config, {
          toServer: async (chunk) => {
            if (chunk.includes('COMMIT')) await new Promise((resolve) => setTimeout(resolve, Math.random() * ms));
            return true;
          },
        }),
      ),
    );
    const writers = await Promise.all(relays.map(({ port }) => PostgresResourceStore.open({ config: { ...config, port } })));
    const rounds = Array.from({ length: 25 }, (_, n) => n);
    await Promise.all(
      writers.map(async (writer, w) => {
        for (const n of rounds) await write(writer, create(`w${w}-${n}`), create(`v${w}-${n}`));
      }),
    );
    const { revision } = await write(reader, create('last'));
    await vi.waitFor(() => expect(seen.at(-1)).toBe(revision), { timeout: 20_000, interval: 10 });
    expect(revision).toBe(4 * 25 * 2 + 1);
    expect(seen).toEqual(Array.from({ length: revision }, (_, i) => i + 1));
    expect(snapshots).toBe(1);
    await Promise.all([...writers, reader].map((store) => store.close()));
    await Promise.all(relays.map((relay) => relay.stop()));
    await server.stop();
  });
});
