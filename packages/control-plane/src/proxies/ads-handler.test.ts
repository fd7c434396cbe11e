import { MeshError, silentLogger } from '@mesh/core';
import type { AdsOpen, AdsPeer } from '@mesh/grpc';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WritableView } from '../../test/proxies.fixture.js';
import { CredentialWatch } from '../credentials/credential-watch.js';
import { ProxyAdsHandler } from './ads-handler.js';
import { SnapshotEngine } from './engine.js';
import { ProxyRegistration } from './registration.js';

const TYPE = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const clock = { now: () => Date.now() };

/** Serves dataplanes `busy` and `web`, one at a time. */
function handlerOf(): ProxyAdsHandler {
  const store = new WritableView(['busy', 'web'].map((name) => ({ kind: 'Dataplane', mesh: 'default', name, spec: {} })));
  const { view } = store;
  const shared = { view, writer: store, log: silentLogger, instanceId: 'cp-1' };
  return new ProxyAdsHandler({
    kinds: new Set(['Dataplane'] as const),
    view,
    engine: new SnapshotEngine({
      build: () => new Map([[TYPE, { version: '1', resources: new Map() }]]),
      revision: () => view.revision,
      log: silentLogger,
    }),
    registration: new ProxyRegistration({ ...shared, deregistrationDelayMs: 0 }),
    insights: { ...shared, clock, flushIntervalMs: 1_000, subscriptionLimit: 2 },
    authenticate: async () => ({}),
    credentials: new CredentialWatch({ view, clock, log: silentLogger }),
    parseInline: () => {
      throw new MeshError('bad_request');
    },
    admission: { atOnce: 1, holdMs: 60_000 },
    log: silentLogger,
  });
}

/** A proxy that dials: what it got, and how its stream ended. */
function dial(handler: ProxyAdsHandler, name: string) {
  const over = new AbortController();
  const closed: MeshError[] = [];
  const open: AdsOpen = {
    nodeId: `default.${name}`,
    nodeMetadata: { 'dataplane.proxyType': 'dataplane' },
    nodeCluster: name,
    authorization: [],
    variant: 'sotw',
    returning: false,
    peer: '127.0.0.1',
    stream: {
      setSnapshot: (_snapshot, taken) =>
        void connected.then((peer) => {
          peer.onSent({ typeUrl: TYPE, nonce: '1', version: '1' });
          taken?.();
        }),
      close: (error) => void closed.push(error),
    },
    ended: over.signal,
  };
  const connected: Promise<AdsPeer> = handler.connect(open);
  connected.catch(() => {});
  const accepts = async (): Promise<void> => (await connected).onAck({ typeUrl: TYPE, nonce: '1', version: '1' });
  return { connected, accepts, closed, hangUp: () => over.abort() };
}

describe('a proxy that dials again while it waits for admission', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('has one place in the queue, also after it hung up a hundred times, and is served when its turn comes', async () => {
    const handler = handlerOf();
    const busy = dial(handler, 'busy');
    await busy.connected;
    for (let attempt = 0; attempt < 100; attempt++) {
      const gone = dial(handler, 'web');
      await vi.advanceTimersByTimeAsync(1);
      expect(handler.waitingCount).toBe(1);
      gone.hangUp();
      await expect(gone.connected).rejects.toMatchObject({ code: 'unavailable' });
      expect(handler.waitingCount).toBe(0);
    }
    const back = dial(handler, 'web');
    await vi.advanceTimersByTimeAsync(1);
    expect([handler.waitingCount, handler.streamCount]).toEqual([1, 2]);
    await busy.accepts();
    await vi.advanceTimersByTimeAsync(1);
    await back.connected;
    expect([handler.waitingCount, handler.streamCount]).toEqual([0, 2]);
  });

  it('is refused a second place while its old line only seems to be there, and takes it once nobody answers on it', async () => {
    const handler = handlerOf();
    const busy = dial(handler, 'busy');
    await busy.connected;
    const silent = dial(handler, 'web');
    await vi.advanceTimersByTimeAsync(1);
    await expect(dial(handler, 'web').connected).rejects.toMatchObject({ code: 'conflict' });
    expect(handler.waitingCount).toBe(1);
    await busy.accepts();
    await silent.connected; // its turn came: it is sent its configuration, and says nothing
    await vi.advanceTimersByTimeAsync(60_001);
    const back = dial(handler, 'web');
    await back.connected;
    expect(silent.closed).toHaveLength(1);
    expect(handler.streamCount).toBe(2);
  });
});
