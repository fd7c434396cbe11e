import { type Mutation, silentLogger } from '@mesh/core';
import { dataplane, resource, viewOf } from '@mesh/testing';
import { describe, expect, it, vi } from 'vitest';
import { collectGarbage, finaliseForeign, type GarbageOptions, removeOld } from './garbage.js';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const leadership = { fence: 1, signal: new AbortController().signal };

const insight = (name: string, subscription: Record<string, string>) =>
  resource('DataplaneInsight', name)
    .withSpec({ subscriptions: [subscription] })
    .build();
const at = (agoMs: number) => new Date(NOW - agoMs).toISOString();

function optionsOf(view: ReturnType<typeof viewOf>) {
  const written: Mutation[] = [];
  const options: GarbageOptions = {
    view,
    write: async (mutations) => written.push(...mutations),
    clock: { now: () => NOW },
    log: silentLogger,
    instanceId: 'cp-1',
    dataplaneAgeMs: 72 * HOUR_MS,
    zoneProxyAgeMs: 72 * HOUR_MS,
    idleTimeoutMs: 0,
    peers: () => undefined,
    zoneProxiesServed: () => true,
  };
  return { options, written };
}

describe('removing old proxies', () => {
  it('removes a dataplane that has been offline for longer than its age, and no other', async () => {
    const view = viewOf(
      ...['old', 'recent', 'online', 'never'].map((name) => dataplane(name).build()),
      dataplane('synced').fromGlobal().build(),
      insight('old', { connectTime: at(100 * HOUR_MS), disconnectTime: at(73 * HOUR_MS) }),
      insight('synced', { connectTime: at(100 * HOUR_MS), disconnectTime: at(73 * HOUR_MS) }),
      insight('recent', { connectTime: at(100 * HOUR_MS), disconnectTime: at(71 * HOUR_MS) }),
      insight('online', { connectTime: at(100 * HOUR_MS) }),
    );
    const { options, written } = optionsOf(view);
    await removeOld(options, leadership);
    expect(written).toEqual([{ op: 'delete', key: { kind: 'Dataplane', mesh: 'default', name: 'old' } }]);
  });
});

describe('removing old zone proxies', () => {
  it('goes by their own age, and leaves those of other zones to these', async () => {
    const gone = (name: string) =>
      resource('ZoneIngressInsight', name, '')
        .withSpec({ subscriptions: [{ connectTime: at(100 * HOUR_MS), disconnectTime: at(2 * HOUR_MS) }] })
        .build();
    const view = viewOf(
      resource('ZoneIngress', 'ours', '').fromZone('zone-1').build(),
      resource('ZoneIngress', 'theirs', '').fromGlobal().build(),
      gone('ours'),
      gone('theirs'),
    );
    const { options, written } = optionsOf(view);
    await removeOld({ ...options, zoneProxyAgeMs: 3 * HOUR_MS }, leadership);
    expect(written).toEqual([]);
    await removeOld({ ...options, zoneProxyAgeMs: HOUR_MS }, leadership);
    expect(written).toEqual([{ op: 'delete', key: { kind: 'ZoneIngress', mesh: '', name: 'ours' } }]);
  });
});

describe('a control plane that was away for longer than proxies may be offline', () => {
  it('removes none before they had time to come back, and then those that did not', async () => {
    vi.useFakeTimers();
    try {
      const stop = new AbortController();
      const view = viewOf(dataplane('gone').build(), insight('gone', { connectTime: at(100 * HOUR_MS), disconnectTime: at(73 * HOUR_MS) }));
      const { options, written } = optionsOf(view);
      const idleTimeoutMs = 5 * 60_000;
      const collecting = collectGarbage({ ...options, idleTimeoutMs }, { fence: 1, signal: stop.signal });
      await vi.advanceTimersByTimeAsync(idleTimeoutMs + 59_000);
      expect(written).toEqual([]);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(written).toEqual([{ op: 'delete', key: { kind: 'Dataplane', mesh: 'default', name: 'gone' } }]);
      stop.abort();
      await collecting;
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a zone whose global is away for longer than every age', () => {
  it('keeps what came from the global and its own proxies that are there, and removes those of its own that left', async () => {
    vi.useFakeTimers({ now: NOW });
    try {
      const stop = new AbortController();
      const left = { connectTime: at(HOUR_MS), disconnectTime: at(HOUR_MS) };
      const view = viewOf(
        ...['here', 'left'].map((name) => dataplane(name).build()),
        insight('here', { connectTime: at(HOUR_MS), controlPlaneInstanceId: 'cp-1' }),
        insight('left', left),
        resource('ZoneIngress', 'of-zone-2', '').fromGlobal().build(),
        resource('ZoneIngressInsight', 'of-zone-2', '')
          .withSpec({ subscriptions: [left] })
          .build(),
        resource('Mesh', 'default', '').fromGlobal().build(),
        resource('MeshTimeout', 'of-the-global').fromGlobal().build(),
      );
      const { options, written } = optionsOf(view);
      const collecting = collectGarbage(
        { ...options, idleTimeoutMs: 5 * 60_000, clock: { now: () => Date.now() } },
        { fence: 1, signal: stop.signal },
      );
      await vi.advanceTimersByTimeAsync(100 * HOUR_MS);
      expect(new Set(written.map((mutation) => JSON.stringify(mutation)))).toEqual(
        new Set([JSON.stringify({ op: 'delete', key: { kind: 'Dataplane', mesh: 'default', name: 'left' } })]),
      );
      stop.abort();
      await collecting;
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('streams of former instances', () => {
  it('are ended, while our own stay open', async () => {
    const view = viewOf(
      dataplane('theirs').build(),
      dataplane('ours').build(),
      insight('theirs', { id: '1', controlPlaneInstanceId: 'cp-0', connectTime: at(HOUR_MS) }),
      insight('ours', { id: '2', controlPlaneInstanceId: 'cp-1', connectTime: at(HOUR_MS) }),
    );
    const { options, written } = optionsOf(view);
    await finaliseForeign(options, leadership);
    expect(written).toMatchObject([{ draft: { name: 'theirs', spec: { subscriptions: [{ id: '1', disconnectTime: at(0) }] } } }]);
    expect(written).toHaveLength(1);
  });

  it('are ended of an instance that left while this one leads, once it has stayed away, and not while nobody can be heard', async () => {
    vi.useFakeTimers({ now: NOW });
    try {
      const stop = new AbortController();
      const ids = ['cp-2', 'cp-3'];
      const view = viewOf(
        ...ids.map((name) => dataplane(name).build()),
        ...ids.map((name) => insight(name, { id: name, controlPlaneInstanceId: name, connectTime: at(0) })),
      );
      const written: string[] = [];
      let living: ReadonlySet<string> | undefined = new Set(ids);
      const { options } = optionsOf(view);
      const idleTimeoutMs = 5 * 60_000;
      const write: GarbageOptions['write'] = async (mutations) => {
        for (const mutation of mutations) if (mutation.op === 'update') written.push(mutation.draft.name);
        return 1;
      };
      const collecting = collectGarbage(
        { ...options, write, idleTimeoutMs, peers: () => living, clock: { now: () => Date.now() } },
        { fence: 1, signal: stop.signal },
      );
      await vi.advanceTimersByTimeAsync(idleTimeoutMs + 60_000);
      // What former instances left is ended at first, and whoever lives puts his own back, as the view has it here.
      expect(written.splice(0).sort()).toEqual(ids);
      living = undefined;
      await vi.advanceTimersByTimeAsync(10 * HOUR_MS);
      living = new Set(['cp-3']);
      await vi.advanceTimersByTimeAsync(idleTimeoutMs - 60_000);
      expect(written).toEqual([]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(written).toEqual(['cp-2']);
      stop.abort();
      await collecting;
    } finally {
      vi.useRealTimers();
    }
  });

  it('of zone proxies are left to an ingress manager that lives', async () => {
    const stream = { id: '1', controlPlaneInstanceId: 'im-0', connectTime: at(HOUR_MS) };
    const ingress = resource('ZoneIngress', 'in-1', '').build();
    const view = viewOf(
      ingress,
      resource('ZoneIngressInsight', 'in-1', '')
        .withSpec({ subscriptions: [stream] })
        .build(),
    );
    const { options, written } = optionsOf(view);
    await finaliseForeign(options, leadership);
    expect(written).toEqual([]);
    await finaliseForeign({ ...options, zoneProxiesServed: () => false }, leadership);
    expect(written).toHaveLength(1);
  });
});
