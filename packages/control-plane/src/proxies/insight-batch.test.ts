import type { Mutation, ResourceDraft } from '@mesh/core';
import { MemoryResourceStore } from '@mesh/store-memory';
import { expect, it, vi } from 'vitest';
import { InsightBatch } from './insight-batch.js';

const insight = (name: string, text = 'x'): ResourceDraft => ({ kind: 'DataplaneInsight', mesh: 'default', name, spec: { text } });

it('insights of one turn are one transaction, and each is told of its revision', async () => {
  const store = new MemoryResourceStore();
  const transact = vi.spyOn(store, 'transact');
  const batch = new InsightBatch(store);
  const written = await Promise.all(['a', 'b', 'c'].map((name) => batch.put(insight(name))));
  expect(transact).toHaveBeenCalledOnce();
  expect(written.map(({ revision }) => revision)).toEqual([3, 3, 3]);
  expect(await store.list({ kind: 'DataplaneInsight' })).toHaveLength(3);
});

it('one that cannot be written is refused alone', async () => {
  const store = new MemoryResourceStore();
  const batch = new InsightBatch(store);
  const written = await Promise.allSettled([insight('a'), insight('bad', '\u0000'), insight('b')].map((draft) => batch.put(draft)));
  expect(written.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await store.list({ kind: 'DataplaneInsight' })).map(({ meta }) => meta.name)).toEqual(['a', 'b']);
});

it('many are written in several transactions, and what comes meanwhile after them', async () => {
  const sizes: number[] = [];
  const transact = async (mutations: readonly Mutation[]) => {
    sizes.push(mutations.length);
    return { revision: sizes.length, changes: [] };
  };
  const batch = new InsightBatch({ transact });
  const first = Array.from({ length: 120 }, (_, i) => batch.put(insight(`a${i}`)));
  await first[0];
  const later = batch.put(insight('later'));
  await Promise.all([...first, later]);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(121);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
});
