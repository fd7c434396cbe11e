import { isZoneOnline } from '@mesh/control-plane';
import type { Mutation, ResourceStore } from '@mesh/core';
import type { DataplaneInsightSpec, ServiceInsightSpec } from '@mesh/resources';
import { MemoryResourceStore } from '@mesh/store-memory';
import { describe, expect, it } from 'vitest';
import { copyOf, eventually, startGlobal, startZone, type TestGlobal, type TestZone, useScope } from './deployment.fixture.js';

const author = { name: 'test' };
const FLUSH_MS = 50;
/** Many times as long as anything here waits before it writes what it counted. */
const REST_MS = 20 * FLUSH_MS;
const DEADLINE_MS = 15_000;

/** Notes what is written to stores, until nothing is. */
class Watch {
  private readonly writes: string[] = [];
  private lastAt = performance.now();

  store(name: string): ResourceStore {
    const store = new MemoryResourceStore();
    const transact = store.transact.bind(store);
    store.transact = (mutations, options) => {
      this.lastAt = performance.now();
      this.writes.push(...mutations.map((mutation) => `${name}: ${describeMutation(mutation)} by ${options.author.name}`));
      return transact(mutations, options);
    };
    return store;
  }

  /** Resolves once nothing was written for long; fails with the last writes where that never comes. */
  async rest(): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const left = this.lastAt + REST_MS - performance.now();
      if (left <= 0) return;
      if (performance.now() > deadline) throw new Error(`the stores never come to rest:\n${this.writes.slice(-10).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, left));
    }
  }

  /** What was written since the last look. */
  take(): string[] {
    return this.writes.splice(0);
  }
}

function describeMutation(mutation: Mutation): string {
  const { kind, name } = mutation.op === 'delete' ? mutation.key : mutation.draft;
  return `${mutation.op} ${kind} ${name}`;
}

describe('a deployment of a global and two zones', () => {
  const scope = useScope();

  async function start(watch: Watch): Promise<{ g: TestGlobal; zones: readonly TestZone[] }> {
    const g = await startGlobal(scope.dir, { store: watch.store('global') });
    scope.running.push(g);
    const zones = await Promise.all(
      ['zone-1', 'zone-2'].map((name) => startZone(scope.dir, { name, port: g.port, store: watch.store(name) })),
    );
    scope.running.push(...zones);
    await Promise.all(zones.map((zone) => eventually(zone.opened, () => zone.opened.view.find('Mesh', '', 'default'))));
    return { g, zones };
  }

  it('writes nothing while nothing happens: what zones count of their streams makes no traffic to count', async () => {
    const watch = new Watch();
    const { g, zones } = await start(watch);
    await watch.rest();
    const online = g.opened.view.list<{ subscriptions?: [] }>('ZoneInsight').map(({ spec }) => isZoneOnline(spec));
    expect(online).toEqual([true, true]);
    for (const { opened } of zones) expect(opened.view.count('ZoneInsight')).toBe(1);
  });

  it('comes to rest again after a proxy came and was counted everywhere', async () => {
    const watch = new Watch();
    const { g, zones } = await start(watch);
    await watch.rest();
    watch.take();
    const [zone] = zones;
    if (!zone) throw new Error('there is no zone');
    const networking = { address: '10.0.0.1', inbound: [{ port: 8080, tags: { 'kuma.io/service': 'web', 'kuma.io/zone': 'zone-1' } }] };
    const dataplane = { kind: 'Dataplane', mesh: 'default', name: 'web-1' };
    await zone.opened.controlPlane.put({ draft: { ...dataplane, spec: { networking } }, author });
    for (const responsesSent of ['1', '2', '3']) {
      const subscription = { id: 's', connectTime: '2026-01-01T00:00:00Z', status: { total: { responsesSent } } };
      const spec: DataplaneInsightSpec = { subscriptions: [subscription] };
      await zone.opened.store.transact(
        [
          {
            op: 'upsert',
            draft: { ...dataplane, kind: 'DataplaneInsight', labels: { 'kuma.io/mesh': 'default' }, spec, owner: dataplane },
          },
        ],
        { author },
      );
    }
    for (const { opened } of zones) {
      await eventually(opened, () => {
        const services = copyOf(opened, 'ServiceInsight', 'all-services-default') as { spec: ServiceInsightSpec } | undefined;
        return services?.spec.services?.['web']?.status === 'online';
      });
    }
    await watch.rest();
    const copy = copyOf(g.opened, 'DataplaneInsight', 'web-1')?.spec as DataplaneInsightSpec | undefined;
    expect(copy?.subscriptions?.[0]?.status?.total?.responsesSent).toBe('3');
    // All three kinds of counters moved, so any loop between them had its chance.
    const written = watch.take().join('\n');
    for (const what of ['global: update ZoneInsight zone-2', 'zone-1: update ZoneInsight zone-1', 'global: upsert MeshInsight default']) {
      expect(written).toContain(what);
    }
  });
});
