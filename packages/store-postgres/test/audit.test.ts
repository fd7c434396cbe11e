import { silentLogger, systemClock, type TimedAuditEntry } from '@mesh/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
