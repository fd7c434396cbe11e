import { ResourceView, silentLogger } from '@mesh/core';
import type { ZoneInsightSpec } from '@mesh/resources';
import { MemoryResourceStore } from '@mesh/store-memory';
import { describe, expect, it } from 'vitest';
import { isCompatible, isZoneOnline, putSubscription } from './zone-insight.js';
import { ZoneSubscriptions } from './zone-subscriptions.js';

const open = (id: string) => ({ id, connectTime: '2026-01-01T00:00:00Z' });
const node = {
  id: 'z',
  instanceId: 'i',
  features: new Set<string>(),
  config: '{}',
  version: { version: '2.14.3', gitTag: '', gitCommit: '', buildDate: '' },
};

async function setup() {
  const store = new MemoryResourceStore();
  const view = new ResourceView();
  await store.follow(view.apply);
  const subscriptions = new ZoneSubscriptions({ store, clock: { now: () => 0 }, limit: 2, flushIntervalMs: 1, log: silentLogger });
  const insight = () => view.find<ZoneInsightSpec>('ZoneInsight', '', 'z')?.spec;
  const zone = { kind: 'Zone', mesh: '', name: 'z', spec: {} };
  return { store, subscriptions, insight, createZone: () => store.transact([{ op: 'create', draft: zone }], { author: { name: 't' } }) };
}

describe('subscriptions of a zone', () => {
  it('are one at a time: a new one closes those that were left open', () => {
    const spec = putSubscription({ subscriptions: [open('a')] }, open('b'), { limit: 10, now: 'later' });
    expect(spec.subscriptions).toEqual([{ ...open('a'), disconnectTime: 'later' }, open('b')]);
    expect(isZoneOnline(spec)).toBe(true);
  });

  it('stay closed once somebody closed them, and the oldest go when there are too many', () => {
    const closed = { ...open('a'), disconnectTime: 'then' };
    expect(putSubscription({ subscriptions: [closed] }, open('a'), { limit: 10, now: 'x' }).subscriptions).toEqual([closed]);
    const many = putSubscription({ subscriptions: [open('a'), open('b')] }, open('c'), { limit: 2, now: 'x' });
    expect(many.subscriptions?.map((s) => s.id)).toEqual(['b', 'c']);
    expect(putSubscription({}, open('a'), { limit: 0, now: 'x' }).subscriptions).toEqual([]);
  });

  it('are written with their counters, and closed when the stream ends', async () => {
    const { subscriptions, insight, createZone } = await setup();
    await createZone();
    const subscription = subscriptions.open({ zone: 'z', globalInstanceId: 'g', node, authTokenProvided: true });
    subscription.onSent('Mesh');
    subscription.onSent('Mesh');
    subscription.onAcknowledged('Mesh');
    subscription.onRejected('Mesh');
    await subscription.close();
    expect(insight()?.subscriptions).toMatchObject([
      {
        globalInstanceId: 'g',
        zoneInstanceId: 'i',
        authTokenProvided: true,
        status: {
          total: { responsesSent: '2', responsesAcknowledged: '1', responsesRejected: '1' },
          stat: { Mesh: { responsesSent: '2' } },
        },
        version: { kumaCp: { version: '2.14.3', kumaCpGlobalCompatible: true } },
      },
    ]);
    expect(isZoneOnline(insight())).toBe(false);
  });

  it('are not written for a zone that was deleted', async () => {
    const { subscriptions, insight } = await setup();
    await subscriptions.open({ zone: 'z', globalInstanceId: 'g', node, authTokenProvided: false }).close();
    expect(insight()).toBeUndefined();
  });
});

describe('versions of zone and global', () => {
  it.each([
    ['2.14.3', '2.14.0', true],
    ['2.12.9', '2.14.3', true],
    ['2.11.0', '2.14.3', false],
    ['1.14.3', '2.14.3', false],
    ['unknown', '2.14.3', true],
    ['2.14.3-preview.1', '2.1.0', true],
  ])('%s under %s: %s', (...[zone, global, compatible]) => {
    expect(isCompatible(zone, global)).toBe(compatible);
  });
});
