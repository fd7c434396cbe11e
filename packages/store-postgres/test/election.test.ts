import { setTimeout as delay } from 'node:timers/promises';
import type { Leadership, Mutation, ResourceStore } from '@mesh/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PostgresResourceStore, type PostgresStoreConfig } from '../src/index.js';
import { PATIENCE_MIN_MS } from '../src/leader-watch.js';
import { LOOK, type LookRow } from '../src/lease-statements.js';
import { TestServer } from './databases.js';
import { WireProxy } from './wire-proxy.js';

const AUTHOR = { name: 'election-test' };
const eventually = { timeout: 20_000, interval: 10 };
const put = (name: string): Mutation => ({ op: 'upsert', draft: { kind: 'Dataplane', mesh: 'default', name, spec: {} } });
/** What a candidate asks while somebody else leads. */
const LOOKED = 'FROM leaders AS held LEFT JOIN';

describe('a leader of several instances', () => {
  let server: TestServer;
  let config: PostgresStoreConfig;
  let wire: WireProxy;
  let candidateWire: WireProxy;
  let leader: PostgresResourceStore;
  let candidate: PostgresResourceStore;
  let terms: { readonly of: string; readonly leadership: Leadership }[];

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    config = await server.database();
    [wire, candidateWire] = await Promise.all([WireProxy.start(config), WireProxy.start(config)]);
    leader = await PostgresResourceStore.open({ config: { ...config, port: wire.port } });
    candidate = await PostgresResourceStore.open({ config: { ...config, port: candidateWire.port } });
    terms = [];
    stand('leader', leader);
    await vi.waitFor(async () => expect(await row()).toMatchObject({ guarded: true }), eventually);
    stand('candidate', candidate);
    // Long enough that the candidate does not take its own start for a failure of the server.
    candidateWire.forget();
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(6), eventually);
  });
  afterEach(async () => {
    wire.cut(); // what is frozen answers nobody who closes
    await Promise.all([leader.close(), candidate.close()]);
    await Promise.all([wire.stop(), candidateWire.stop()]);
  });

  const looks = (): number => candidateWire.statements.filter((sql) => sql.includes(LOOKED)).length;
  const leading = (): string[] => terms.filter(({ leadership }) => !leadership.signal.aborted).map((term) => term.of);

  function stand(of: string, store: ResourceStore): void {
    store.lead('main', async (leadership) => {
      terms.push({ of, leadership });
      await new Promise((resolve) => leadership.signal.addEventListener('abort', resolve, { once: true }));
    });
  }

  async function row(): Promise<{ fence: string; guarded: boolean } | undefined> {
    const [found] = await server.query<{ fence: string; guarded: boolean }>(
      "SELECT fence, guard IS NOT DISTINCT FROM fence AS guarded FROM leaders WHERE name = 'main'",
      config.dbName,
    );
    return found;
  }

  it('is followed at once where its connection ends, however long its lease has to run, and is fenced out', async () => {
    expect(leading()).toEqual(['leader']);
    wire.cut();
    await server.query("UPDATE leaders SET expires_at = 'infinity'", config.dbName);
    await vi.waitFor(() => expect(leading()).toContain('candidate'), eventually);
    const late = candidate.transact([put('late')], { author: AUTHOR, fence: terms[0]?.leadership.fence ?? 0 });
    await expect(late).rejects.toMatchObject({ code: 'conflict', public: expect.stringContaining('another leader') });
    await candidate.transact([put('new')], { author: AUTHOR, fence: terms[1]?.leadership.fence ?? 0 });
    wire.accept();
    await vi.waitFor(() => expect(leading()).toEqual(['candidate']), eventually);
    await vi.waitFor(
      async () => expect(await row()).toMatchObject({ fence: String(terms[1]?.leadership.fence), guarded: true }),
      eventually,
    );
  });

  it('is followed before its lease ends where it hangs with its connection open, and is fenced out when it goes on', async () => {
    const thaw = wire.freeze();
    await server.query("UPDATE leaders SET expires_at = 'infinity'", config.dbName);
    await vi.waitFor(() => expect(leading()).toContain('candidate'), eventually);
    const [former, current] = terms.map(({ leadership }) => leadership.fence);
    await candidate.transact([put('new')], { author: AUTHOR, fence: current ?? 0 });
    thaw();
    const late = leader.transact([put('late')], { author: AUTHOR, fence: former ?? 0 });
    await expect(late).rejects.toMatchObject({ code: 'conflict', public: expect.stringContaining('another leader') });
    await vi.waitFor(() => expect(leading()).toEqual(['candidate']), eventually);
    expect(terms).toHaveLength(2);
  });

  it('is given twice the time after it was silent once, and half of that back with every minute', async () => {
    const patience = async (): Promise<number> => {
      const [row] = await server.query<{ ms: number }>("SELECT patience_ms AS ms FROM leaders WHERE name = 'main'", config.dbName);
      return row?.ms ?? 0;
    };
    expect(await patience()).toBe(0);
    wire.freeze();
    await vi.waitFor(() => expect(leading()).toContain('candidate'), eventually);
    expect(await patience()).toBe(2 * PATIENCE_MIN_MS);
    const look = async (): Promise<number | undefined> => {
      const { rows } = await client.query<LookRow>(LOOK, ['main']);
      return rows[0]?.patience_ms;
    };
    const client = await server.client(config.dbName);
    await client.query("UPDATE leaders SET patience_ms = 4000, patience_at = clock_timestamp() - interval '1 minute'");
    expect(await look()).toBeCloseTo(2000, -2);
    await client.query("UPDATE leaders SET patience_at = clock_timestamp() - interval '1 day'");
    expect(await look()).toBe(PATIENCE_MIN_MS);
    await client.end();
  });

  it('is waited for until its lease ends where the server does not tell of its words', async () => {
    await server.query('ALTER SYSTEM SET track_activities = off');
    await server.query('SELECT pg_reload_conf()');
    const untold = "SELECT pid FROM pg_stat_activity JOIN leaders ON pid = guard_pid WHERE state = 'disabled'";
    try {
      await vi.waitFor(async () => expect(await server.query(untold, config.dbName)).toHaveLength(1), eventually);
      wire.freeze();
      await server.query("UPDATE leaders SET expires_at = 'infinity'", config.dbName);
      candidateWire.forget();
      await vi.waitFor(() => expect(looks()).toBeGreaterThan(10), eventually);
      expect(terms.map((term) => term.of)).toEqual(['leader']);
      await server.query("UPDATE leaders SET expires_at = '-infinity'", config.dbName);
      await vi.waitFor(() => expect(leading()).toEqual(['candidate']), eventually);
    } finally {
      await server.query('ALTER SYSTEM RESET track_activities');
      await server.query('SELECT pg_reload_conf()');
    }
  });

  it('keeps its place where the server stands still, however long, and hears the candidate first when it goes on', async () => {
    const pids = await server.query<{ pid: number; guards: boolean }>(
      'SELECT pid, pid = guard_pid AS guards FROM pg_stat_activity, leaders WHERE datname = current_database() AND pid <> pg_backend_pid()',
      config.dbName,
    );
    const send = (signal: NodeJS.Signals, ofLeader: boolean): void => {
      for (const { pid, guards } of pids) if (guards === ofLeader) process.kill(pid, signal);
    };
    for (const ofLeader of [true, false]) send('SIGSTOP', ofLeader);
    await delay(2 * PATIENCE_MIN_MS); // its length is what the test is about
    candidateWire.forget();
    send('SIGCONT', false);
    try {
      await vi.waitFor(() => expect(looks()).toBeGreaterThan(0), eventually); // the one that had to wait was answered
    } finally {
      send('SIGCONT', true);
    }
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(10), eventually);
    expect(terms.map((term) => term.of)).toEqual(['leader']);
  });

  it('says its words only while another instance waits', async () => {
    const BEATS = /^SELECT 1$/;
    const beats = (): number => wire.statements.filter((sql) => BEATS.test(sql)).length;
    const renewals = (): number => wire.statements.filter((sql) => sql.startsWith('UPDATE leaders SET expires_at')).length;
    const renewedTwice = async (): Promise<number> => {
      wire.forget();
      await vi.waitFor(() => expect(renewals()).toBeGreaterThan(1), eventually);
      return beats();
    };
    expect(await renewedTwice()).toBeGreaterThan(4);
    await candidate.close();
    // What was said of its waiting counts for a while.
    await vi.waitFor(async () => expect(await renewedTwice()).toBeLessThan(3), eventually); // the keep-alive is one
  });

  it('hands over at once where it stops in order', async () => {
    await leader.close();
    await vi.waitFor(() => expect(leading()).toEqual(['candidate']), eventually);
    expect(terms).toHaveLength(2);
  });

  it('goes on where the server broke off all connections and both came back', async () => {
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${config.dbName}' AND pid <> pg_backend_pid()`,
      config.dbName,
    );
    candidateWire.forget();
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(10), eventually);
    await vi.waitFor(
      async () => expect(await row()).toMatchObject({ fence: String(terms[0]?.leadership.fence), guarded: true }),
      eventually,
    );
    expect(terms.map((term) => term.of)).toEqual(['leader']);
  });
});
