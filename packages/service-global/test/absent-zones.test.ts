import { isZoneOnline } from '@mesh/control-plane';
import type { Mutation, ResourceKey } from '@mesh/core';
import type { ZoneInsightSpec } from '@mesh/resources';
import { MemoryResourceStore } from '@mesh/store-memory';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startGlobal, useScope } from './deployment.fixture.js';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const HOUR_MS = 3_600_000;
/** Longer than every age and interval there is; the longest by default is 72 h. */
const AWAY_HOURS = 100;
const connectTime = '2026-05-01T00:00:00Z';
const ZONE = { kind: 'Zone', mesh: '', name: 'zone-1' };
const labels = { 'kuma.io/origin': 'zone', 'kuma.io/zone': 'zone-1' };
const left = { subscriptions: [{ id: 'a', connectTime, disconnectTime: '2026-05-02T00:00:00Z' }] };
const address = { networking: { address: '10.0.0.9', port: 10001, advertisedAddress: '10.0.0.9', advertisedPort: 10001 } };

/** All that a zone leaves at its global. */
const OF_ZONE: readonly (ResourceKey & { readonly spec: object })[] = [
  { kind: 'Dataplane', mesh: 'default', name: 'web-1', spec: { networking: { address: '10.0.0.1' } } },
  { kind: 'DataplaneInsight', mesh: 'default', name: 'web-1', spec: left },
  { kind: 'ZoneIngress', mesh: '', name: 'in-1', spec: { zone: 'zone-1', ...address } },
  { kind: 'ZoneIngressInsight', mesh: '', name: 'in-1', spec: left },
  { kind: 'ZoneEgress', mesh: '', name: 'out-1', spec: { zone: 'zone-1', ...address } },
  { kind: 'ZoneEgressInsight', mesh: '', name: 'out-1', spec: left },
  { kind: 'MeshTimeout', mesh: 'default', name: 'of-the-zone', spec: { to: [] } },
  { kind: 'Config', mesh: '', name: 'kds-peer-zone-1', spec: { config: '{"id":"store-a","revision":7}' } },
];

describe('a global whose zone is away for longer than every age and interval', () => {
  const scope = useScope();
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['left in order', { connectTime, disconnectTime: '2026-05-02T00:00:00Z' }],
    ['vanished with a global that died', { connectTime }],
  ])('keeps all that is of a zone that %s, and shows it Offline', async (_, subscription) => {
    vi.useFakeTimers({ now: NOW, shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
    const store = new MemoryResourceStore();
    const write = (draft: object): Mutation => ({ op: 'create', draft: draft as never });
    const insight = { ...ZONE, kind: 'ZoneInsight', spec: { subscriptions: [{ id: 's', ...subscription }] }, owner: ZONE };
    await store.transact(
      [write({ kind: 'Mesh', mesh: '', name: 'default', spec: {} }), write({ ...ZONE, spec: { enabled: true } }), write(insight)],
      { author: { name: 'test' } },
    );
    await store.transact(
      OF_ZONE.map((each) => write({ ...each, labels, owner: ZONE })),
      { author: { name: 'test' } },
    );
    const global = await startGlobal(scope.dir, { store });
    scope.running.push(global);
    await vi.advanceTimersByTimeAsync(AWAY_HOURS * HOUR_MS);
    expect(Date.now()).toBeGreaterThan(NOW + AWAY_HOURS * HOUR_MS - 1);
    const { view } = global.opened;
    expect([ZONE, ...OF_ZONE].filter((key) => !view.get(key))).toEqual([]);
    expect(isZoneOnline(view.find<ZoneInsightSpec>('ZoneInsight', '', 'zone-1')?.spec)).toBe(false);
  });
});
