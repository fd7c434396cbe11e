import { silentLogger, systemClock, type TimedAuditEntry } from '@mesh/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PostgresAudit } from '../src/audit.js';
import { PostgresResourceStore } from '../src/index.js';
import { TestServer } from './databases.js';

function entry(name: string, changes: Partial<TimedAuditEntry> = {}): TimedAuditEntry {
  const request = { who: 'alice', groups: [], by: 'token', peer: '::1', method: 'GET', path: '/', name };
  return { ...request, status: 200, outcome: 'done', time: new Date().toISOString(), ...changes };
}

describe('records of the audit', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  const names = async (store: PostgresResourceStore) => (await store.audit.read({ limit: 1_000 })).map(({ name }) => name);

  it('go when they are too old, and each sort when there are too many of it', async () => {
    const config = await server.database();
    const store = await PostgresResourceStore.open({
      config,
      audit: { maxAge: 3_600_000, maxRecords: 20 },
      log: silentLogger,
      clock: systemClock,
    });
    await store.audit.append([entry('ancient', { time: '2020-01-01T00:00:00.000Z' }), entry('kept')]);
    const flood = Array.from({ length: 500 }, (_, i) => entry(`stranger-${i}`, { by: 'none', outcome: 'unauthenticated', status: 401 }));
    await store.audit.append(flood);
    await store.audit.trim();
    expect(await names(store)).toEqual(['stranger-499', 'stranger-498', 'kept']);
    await store.audit.append(Array.from({ length: 30 }, (_, i) => entry(`later-${i}`)));
    await store.audit.trim();
    expect(await names(store)).toEqual([...Array.from({ length: 20 }, (_, i) => `later-${29 - i}`), 'stranger-499', 'stranger-498']);
    await store.close();
  });

  it('are there for every instance once a write is', async () => {
    const config = await server.database();
    const [one, other] = [await PostgresResourceStore.open({ config }), await PostgresResourceStore.open({ config })];
    const draft = { kind: 'Mesh', mesh: '', name: 'm', spec: {} };
    const { time: _, ...audit } = entry('m', { kind: 'Mesh' });
    const { revision } = await one.transact([{ op: 'create', draft }], { author: { name: 'alice' }, audit });
    expect(await other.audit.read({ limit: 10 })).toMatchObject([{ name: 'm', revision }]);
    await Promise.all([one.close(), other.close()]);
  });

  it('are trimmed a minute after some were made here, and once an hour otherwise', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const query = vi.fn(async (_text: string) => []);
      const bounds = { maxAge: 3_600_000, maxRecords: 20 };
      const audit = new PostgresAudit({ pool: { query }, bounds, clock: systemClock, log: silentLogger });
      const minutes = async (count: number): Promise<number> => {
        query.mockClear();
        for (let i = 0; i < count; i++) {
          vi.advanceTimersByTime(60_000);
          audit.tick();
        }
        await new Promise(setImmediate); // a trim is several statements, one after the other
        return query.mock.calls.filter(([text]) => text.includes('time <')).length;
      };
      expect(await minutes(59)).toBe(0);
      expect(await minutes(1)).toBe(1);
      audit.grown();
      expect(await minutes(1)).toBe(1);
      expect(await minutes(59)).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
