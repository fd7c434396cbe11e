import { type Mutation, silentLogger } from '@mesh/core';
import type { DataplaneInsightSpec } from '@mesh/resources';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dataplaneNode, WritableView } from '../../test/proxies.fixture.js';
import { type InsightOptions, ProxyInsight } from './insights.js';

const CDS = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const DATAPLANE = { kind: 'Dataplane', mesh: 'default', name: 'a', spec: {} };

function insightOf(store: WritableView, options: Partial<InsightOptions> = {}): ProxyInsight {
  return new ProxyInsight(
    {
      view: store.view,
      writer: store,
      clock: { now: () => Date.now() },
      log: silentLogger,
      instanceId: 'cp-1',
      flushIntervalMs: 5000,
      subscriptionLimit: 2,
      ...options,
    },
    dataplaneNode('a'),
  );
}

const specOf = (mutation: Mutation | undefined) => (mutation?.op === 'upsert' ? (mutation.draft.spec as DataplaneInsightSpec) : undefined);

describe('the insight of a proxy', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('shows the proxy online from its connection to its disconnection', async () => {
    const store = new WritableView([DATAPLANE]);
    const insight = insightOf(store);
    await insight.open();
    expect(specOf(store.writes.at(-1))?.subscriptions).toMatchObject([{ controlPlaneInstanceId: 'cp-1', connectTime: expect.any(String) }]);
    expect(specOf(store.writes.at(-1))?.subscriptions?.[0]).not.toHaveProperty('disconnectTime');
    await insight.close();
    expect(specOf(store.writes.at(-1))?.subscriptions?.[0]).toHaveProperty('disconnectTime');
    expect(store.writes[0]).toMatchObject({ draft: { kind: 'DataplaneInsight', owner: { kind: 'Dataplane', name: 'a' } } });
  });

  it('gathers counters into one write per interval, and writes nothing while idle', async () => {
    const store = new WritableView([DATAPLANE]);
    const insight = insightOf(store);
    await insight.open();
    for (let i = 0; i < 100; i++) insight.count('responsesSent', CDS);
    insight.count('responsesAcknowledged', CDS);
    await vi.advanceTimersByTimeAsync(5000);
    expect(store.writes).toHaveLength(2);
    const counters = { responsesSent: '100', responsesAcknowledged: '1' };
    expect(specOf(store.writes[1])?.subscriptions?.[0]?.status).toMatchObject({ total: counters, cds: counters, lds: {} });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(store.writes).toHaveLength(2);
  });

  it('is written once for a proxy that returns: when it has all it lacked, counters included', async () => {
    const store = new WritableView([DATAPLANE]);
    const insight = insightOf(store);
    insight.reopen();
    insight.count('responsesSent', CDS);
    insight.count('responsesAcknowledged', CDS);
    expect(store.writes).toHaveLength(0);
    insight.settled();
    insight.settled();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(store.writes).toHaveLength(1);
    expect(specOf(store.writes[0])?.subscriptions?.[0]?.status).toMatchObject({ total: { responsesAcknowledged: '1' } });
  });

  it('shows a proxy that returns within a second, whatever it still lacks', async () => {
    const store = new WritableView([DATAPLANE]);
    const insight = insightOf(store);
    insight.reopen();
    insight.count('responsesSent', CDS);
    await vi.advanceTimersByTimeAsync(1000);
    expect(store.writes).toHaveLength(1);
  });

  it('ends what an earlier stream left open, and keeps no more than the limit', async () => {
    const store = new WritableView([DATAPLANE]);
    for (let i = 0; i < 3; i++) await insightOf(store).open();
    const subscriptions = specOf(store.writes.at(-1))?.subscriptions ?? [];
    expect(subscriptions).toHaveLength(2);
    expect(subscriptions.map((s) => s.disconnectTime !== undefined)).toEqual([true, false]);
  });

  it('counts certificates over the life of the proxy', async () => {
    const store = new WritableView([DATAPLANE]);
    for (let i = 0; i < 2; i++) {
      const insight = insightOf(store);
      const certificateExpirationTime = `2026-01-0${i + 1}T00:00:00Z`;
      insight.certificateIssued({ certificateExpirationTime, issuedBackend: 'ca-1', supportedBackends: ['ca-1'] });
      await insight.open();
    }
    expect(specOf(store.writes.at(-1))?.mTLS).toMatchObject({ issuedBackend: 'ca-1', certificateRegenerations: 2 });
  });

  it('records the certificate that a returning proxy had where its insight went with it, and else counts it once', async () => {
    const issued = { certificateExpirationTime: '2026-01-01T00:00:00Z', issuedBackend: 'ca-1', supportedBackends: ['ca-1'] };
    const store = new WritableView([DATAPLANE]);
    for (let i = 0; i < 2; i++) {
      const insight = insightOf(store);
      await insight.open();
      insight.certificateIssued(issued);
      await insight.close();
      expect(specOf(store.writes.at(-1))?.mTLS).toMatchObject({ issuedBackend: 'ca-1', certificateRegenerations: 1 });
    }
  });

  it('does not bring back the insight of a proxy that was deleted', async () => {
    const store = new WritableView([DATAPLANE]);
    const insight = insightOf(store);
    await insight.open();
    await store.delete({ kind: 'Dataplane', mesh: 'default', name: 'a' });
    const before = store.writes.length;
    await insight.close();
    expect(store.writes).toHaveLength(before);
  });

  it('tries again when the store is away', async () => {
    const store = new WritableView([DATAPLANE]);
    const put = vi.spyOn(store, 'put').mockRejectedValueOnce(new Error('away'));
    await insightOf(store).open();
    expect(store.writes).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(put).toHaveBeenCalledTimes(2);
    expect(store.writes).toHaveLength(1);
  });
});
