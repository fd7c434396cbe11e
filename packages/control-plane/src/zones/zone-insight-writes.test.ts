import type { Mutation, TransactResult } from '@mesh/core';
import type { ZoneInsightSpec } from '@mesh/resources';
import { MemoryResourceStore } from '@mesh/store-memory';
import { expect, it } from 'vitest';
import { ZoneInsightWrites } from './zone-insight-writes.js';

/** Counts what it is asked to write, and how much of it at once. */
class CountingStore extends MemoryResourceStore {
  writes = 0;
  atOnceMax = 0;
  private atOnce = 0;

  override async transact(
    mutations: readonly Mutation[],
    options: Parameters<MemoryResourceStore['transact']>[1],
  ): Promise<TransactResult> {
    this.writes += 1;
    this.atOnceMax = Math.max(this.atOnceMax, ++this.atOnce);
    await new Promise(setImmediate);
    try {
      return await super.transact(mutations, options);
    } finally {
      this.atOnce -= 1;
    }
  }
}

async function storeWith(zones: readonly string[]): Promise<CountingStore> {
  const store = new CountingStore();
  const drafts = zones.map((name) => ({ op: 'create', draft: { kind: 'Zone', mesh: '', name, spec: {} } }) as const);
  await store.transact(drafts, { author: { name: 'test' } });
  store.writes = 0;
  return store;
}

const insightOf = async (store: CountingStore, name: string) =>
  (await store.get({ kind: 'ZoneInsight', mesh: '', name }))?.spec as ZoneInsightSpec | undefined;
const seen = (time: string) => (spec: ZoneInsightSpec) => ({ ...spec, healthCheck: { time } });

it('writes all that is wanted of a zone meanwhile at once, in order', async () => {
  const store = await storeWith(['z']);
  const writes = new ZoneInsightWrites(store);
  const wanted = ['one', 'two', 'three'].map((time) => writes.update('z', seen(time)));
  wanted.push(writes.update('z', (spec) => ({ ...spec, sync: { storeId: spec.healthCheck?.time ?? '' } })));
  await Promise.all(wanted);
  expect(await insightOf(store, 'z')).toEqual({ healthCheck: { time: 'three' }, sync: { storeId: 'three' } });
  // The first is under way by then.
  expect(store.writes).toBe(2);
});

it('takes few connections of the store however many zones come', async () => {
  const zones = Array.from({ length: 40 }, (_, i) => `zone-${i}`);
  const store = await storeWith(zones);
  const writes = new ZoneInsightWrites(store);
  await Promise.all(zones.map((zone) => writes.update(zone, seen(zone))));
  for (const zone of zones) expect(await insightOf(store, zone)).toEqual({ healthCheck: { time: zone } });
  expect(store.atOnceMax).toBe(8);
});

it('goes on with the others where one cannot be written', async () => {
  const store = await storeWith(['bad', 'good']);
  const writes = new ZoneInsightWrites(store);
  const bad = writes.update('bad', () => {
    throw new Error('no');
  });
  const good = writes.update('good', seen('now'));
  await expect(bad).rejects.toThrow('no');
  await good;
  await writes.update('bad', seen('later'));
  expect(await insightOf(store, 'bad')).toEqual({ healthCheck: { time: 'later' } });
});
