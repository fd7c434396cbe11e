import { isZoneOnline } from '@mesh/control-plane';
import { ResourceView, silentLogger } from '@mesh/core';
import type { ZoneInsightSpec } from '@mesh/resources';
import { MemoryResourceStore } from '@mesh/store-memory';
import { describe, expect, it } from 'vitest';
import { ZoneClaims } from '../src/zone-claims.js';
import { eventually, startGlobal, startZone, type TestGlobal, useScope } from './deployment.fixture.js';

const author = { name: 'test' };
const ingress = (zone: string) => ({
  kind: 'ZoneIngress',
  mesh: '',
  name: 'in',
  spec: { zone, networking: { address: '10.0.0.9', advertisedAddress: '10.0.0.9', port: 10001, advertisedPort: 10001 } },
});

describe('the name of a zone', () => {
  const scope = useScope();
  const insightOf = ({ opened }: TestGlobal, zone = 'zone-1') => opened.view.find<ZoneInsightSpec>('ZoneInsight', '', zone)?.spec;

  async function global(): Promise<TestGlobal> {
    const started = await startGlobal(scope.dir);
    scope.running.push(started);
    return started;
  }

  async function zone(name: string, port: number, store = keep(new MemoryResourceStore())) {
    const started = await startZone(scope.dir, { name, port, store });
    scope.running.push(started);
    return started;
  }

  it('is refused to a second deployment while the first has it, with the reason in the insight, and free once it left', async () => {
    const g = await global();
    const first = await zone('zone-1', g.port);
    await first.sync.firstSync;
    await eventually(g.opened, () => insightOf(g)?.sync?.storeId === first.opened.store.storeId, 'the id of its store');
    expect(insightOf(g)?.sync?.authentication).toBe('none');
    const second = await zone('zone-1', g.port);
    const claim = await eventually(g.opened, () => insightOf(g)?.sync?.refusedClaim, 'the refused claim');
    expect(claim.reason).toContain('the zone name "zone-1" is taken: it is connected from another deployment');
    expect(second.opened.view.find('Mesh', '', 'default')).toBeUndefined();
    expect(insightOf(g)?.sync?.storeId).toBe(first.opened.store.storeId);
    await first.stop();
    await second.sync.firstSync;
  });

  it('is shared by the instances of one deployment', async () => {
    const g = await global();
    const store = keep(new MemoryResourceStore());
    for (const _ of ['one instance', 'another']) await (await zone('zone-1', g.port, store)).sync.firstSync;
    expect(insightOf(g)?.sync?.refusedClaim).toBeUndefined();
  });

  it.each(['the old one left', 'the old one leaves'])(
    'may change: what is left under the old name is noted once %s, offered to nobody, and goes with its Zone',
    async (order) => {
      const g = await global();
      const other = await zone('zone-9', g.port);
      const store = keep(new MemoryResourceStore());
      const before = await zone('zone-1', g.port, store);
      await before.opened.controlPlane.put({ draft: ingress('zone-1'), author });
      const offered = () =>
        other.opened.view.list<{ zone?: string }>('ZoneIngress').map(({ spec, meta }) => `${spec.zone} ${meta.labels['kuma.io/zone']}`);
      await eventually(other.opened, () => offered().join() === 'zone-1 zone-1', 'its ingress');
      await before.sync.firstSync;
      if (order === 'the old one left') await before.stop();
      if (order === 'the old one left') await eventually(g.opened, () => !isZoneOnline(insightOf(g)));
      await (await zone('zone-2', g.port, store)).sync.firstSync;
      if (order === 'the old one leaves') await before.stop();
      await eventually(g.opened, () => insightOf(g)?.sync?.renamedTo === 'zone-2', 'the note at the old name');
      await eventually(other.opened, () => offered().join() === 'zone-2 zone-2', 'its ingress under the new name alone');
      await g.opened.controlPlane.delete({ key: { kind: 'Zone', mesh: '', name: 'zone-1' }, author });
      await eventually(g.opened, () => g.opened.view.count('ZoneIngress') === 1);
      expect(offered()).toEqual(['zone-2 zone-2']);
    },
  );
});

describe('a claim to the name of a zone that is away', () => {
  const disconnectTime = '2026-01-01T00:00:00.000Z';
  const leftMs = Date.parse(disconnectTime);

  async function claims(storeType: string, last: object, nowMs: number): Promise<ZoneClaims> {
    const store = new MemoryResourceStore();
    const view = new ResourceView();
    await store.follow(view.apply);
    const config = JSON.stringify({ store: { type: storeType } });
    const spec = { subscriptions: [{ id: 's', connectTime: disconnectTime, config, ...last }], sync: { storeId: 'store-a' } };
    await store.transact([{ op: 'create', draft: { kind: 'ZoneInsight', mesh: '', name: 'z', spec } }], { author });
    const subscriptions = { update: async () => {} };
    return new ZoneClaims({ view, clock: { now: () => nowMs }, instance: { id: 'me' } as never, subscriptions, log: silentLogger });
  }
  const enter = (at: ZoneClaims, storeId: string) => at.enter({ zone: 'z', storeId });

  it('is refused for two minutes where the store of its owner outlives a restart, to others alone', async () => {
    const soon = await claims('postgres', { disconnectTime }, leftMs + 119_000);
    expect(() => enter(soon, 'store-b')).toThrow(/kept another 1 s/);
    enter(soon, 'store-a').release();
    enter(await claims('postgres', { disconnectTime }, leftMs + 121_000), 'store-b');
    enter(await claims('memory', { disconnectTime }, leftMs + 1), 'store-b');
  });

  it('is refused while it is connected to another instance of the global', async () => {
    const at = await claims('memory', { globalInstanceId: 'other' }, leftMs);
    expect(() => enter(at, 'store-b')).toThrow(/connected to instance other/);
  });
});

/** A store that outlives the control planes that close it. */
function keep(store: MemoryResourceStore): MemoryResourceStore {
  return Object.assign(store, { close: async () => {} });
}
