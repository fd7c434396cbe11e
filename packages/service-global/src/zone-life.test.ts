import { ZoneSubscriptions } from '@mesh/control-plane';
import { ResourceView, silentLogger } from '@mesh/core';
import type { ZonePeer } from '@mesh/grpc';
import { FEATURE_ZONE_PING } from '@mesh/kds';
import { MemoryResourceStore } from '@mesh/store-memory';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ZoneLife } from './zone-life.js';

const SECOND_MS = 1_000;
let store: MemoryResourceStore;

beforeEach(() => {
  vi.useFakeTimers();
  store = new MemoryResourceStore();
});
afterEach(async () => {
  vi.useRealTimers();
  await store.close();
});

it('a zone is not held to be silent for the time in which the global itself stood still', async () => {
  const ended: string[] = [];
  const clock = { at: 0, now: () => clock.at };
  const shared = { store, clock, log: silentLogger };
  const life = new ZoneLife({
    ...shared,
    view: new ResourceView(),
    instance: { id: 'cp-1', hostname: 'host' },
    subscriptions: new ZoneSubscriptions({ ...shared, limit: 10, flushIntervalMs: 50 }),
    healthCheck: { pollIntervalMs: SECOND_MS, timeoutMs: 3 * SECOND_MS },
    disconnect: (zone) => void ended.push(zone),
  });
  const passes = async (ms: number, looks: number): Promise<void> => {
    for (let look = 0; look < looks; look++) {
      clock.at += ms / looks;
      await vi.advanceTimersByTimeAsync(SECOND_MS);
    }
  };
  life.start();
  life.streamOpened({ zone: 'zone-1', features: new Set([FEATURE_ZONE_PING]) } as unknown as ZonePeer, 'stats');
  await passes(2 * SECOND_MS, 2);
  await passes(60 * SECOND_MS, 1);
  await passes(3 * SECOND_MS, 3);
  expect(ended).toEqual([]);
  await passes(SECOND_MS, 1);
  expect(ended).toEqual(['zone-1']);
  life.stop();
});
