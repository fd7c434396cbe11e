import { ResourceView, silentLogger } from '@mesh/core';
import type { KdsSubscription, ZoneInsightSpec } from '@mesh/resources';
import { MemoryResourceStore } from '@mesh/store-memory';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { elected } from '../../test/leadership.fixture.js';
import { BEAT_MS, closeAbandonedSubscriptions } from './abandoned-subscriptions.js';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const LOOK_MS = 300_000;
const connectTime = '2026-05-01T00:00:00Z';

describe('open subscriptions of zones', () => {
  let store: MemoryResourceStore;
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    store = new MemoryResourceStore();
  });
  afterEach(async () => {
    await store.close();
    vi.useRealTimers();
  });

  const write = (zone: string, subscription: KdsSubscription) => {
    const draft = { kind: 'ZoneInsight', mesh: '', name: zone, spec: { subscriptions: [{ connectTime, ...subscription }] } };
    return store.transact([{ op: 'upsert', draft }], { author: { name: 'test' } });
  };
  const isOpen = async (zone: string): Promise<boolean> => {
    const spec = (await store.get({ kind: 'ZoneInsight', mesh: '', name: zone }))?.spec as ZoneInsightSpec | undefined;
    return spec?.subscriptions?.[0]?.disconnectTime === undefined;
  };

  it('are closed when nobody showed between two looks that they live, and those that live stay, however long', async () => {
    await write('zone-dead', { id: 'a' });
    await write('zone-live', { id: 'b' });
    const view = new ResourceView();
    await store.follow(view.apply);
    const over = new AbortController();
    const { fence } = await elected(store);
    const options = { store, view, clock: { now: () => Date.now() }, leadership: { fence, signal: over.signal }, log: silentLogger };
    const working = closeAbandonedSubscriptions(options);
    for (let generation = 1; generation <= 12; generation++) {
      await write('zone-live', { id: 'b', generation });
      expect(await isOpen('zone-dead')).toBe((generation - 1) * BEAT_MS < LOOK_MS);
      await vi.advanceTimersByTimeAsync(BEAT_MS);
      expect(await isOpen('zone-live')).toBe(true);
    }
    over.abort();
    await working;
  });
});
