import { isZoneOnline } from '@mesh/control-plane';
import { MemoryResourceStore } from '@mesh/store-memory';
import { describe, expect, it } from 'vitest';
import { copyOf, eventually, startGlobal, startZone, type TestGlobal, type TestZone, useScope } from './deployment.fixture.js';

const author = { name: 'test' };
const dataplaneSpec = {
  networking: { address: '10.0.0.1', inbound: [{ port: 8080, tags: { 'kuma.io/service': 'web', 'kuma.io/zone': 'zone-1' } }] },
};
const ingressSpec = {
  zone: 'zone-1',
  networking: { address: '10.0.0.9', advertisedAddress: '10.0.0.9', port: 10001, advertisedPort: 10001 },
};

describe('KDS between a global and its zones', () => {
  const scope = useScope();

  async function global(options: Parameters<typeof startGlobal>[1] = {}): Promise<TestGlobal> {
    const started = await startGlobal(scope.dir, options);
    scope.running.push(started);
    return started;
  }

  async function zone(name: string, port: number, store?: MemoryResourceStore): Promise<TestZone> {
    const started = await startZone(scope.dir, { name, port, ...(store ? { store } : {}) });
    scope.running.push(started);
    return started;
  }

  const put = (at: { opened: TestZone['opened'] }, draft: { kind: string; mesh: string; name: string; spec: unknown }) =>
    at.opened.controlPlane.put({ draft, author });
  const remove = (at: { opened: TestZone['opened'] }, key: { kind: string; mesh: string; name: string }) =>
    at.opened.controlPlane.delete({ key, author });

  it('makes a zone known and online when it connects, and offline when it leaves', async () => {
    const g = await global();
    const z = await zone('zone-1', g.port);
    const insight = () => g.opened.view.find<{ subscriptions?: [] }>('ZoneInsight', '', 'zone-1')?.spec;
    await eventually(g.opened, () => isZoneOnline(insight()));
    expect(g.opened.view.find('Zone', '', 'zone-1')?.spec).toEqual({ enabled: true });
    const own = () => z.opened.view.find<{ subscriptions?: [] }>('ZoneInsight', '', 'zone-1')?.spec;
    await eventually(z.opened, () => isZoneOnline(own()), 'the mirror of the zone insight');
    await z.stop();
    await eventually(g.opened, () => !isZoneOnline(insight()));
  });

  it('keeps the streams of its zones where the global hands over, until it stops', async () => {
    const g = await global();
    const z = await zone('zone-1', g.port);
    await z.sync.firstSync;
    const leads = async () => /^leader\{[^}]*\} 1$/m.test(await g.metrics.text());
    expect(await leads()).toBe(true);
    await g.runner.handOver();
    expect(await leads()).toBe(false);
    await put(g, { kind: 'Mesh', mesh: '', name: 'meanwhile', spec: {} });
    await eventually(z.opened, () => z.opened.view.find('Mesh', '', 'meanwhile'));
    const { view } = g.opened;
    await g.stop();
    expect(isZoneOnline(view.find<{ subscriptions?: [] }>('ZoneInsight', '', 'zone-1')?.spec)).toBe(false);
  });

  it('brings what the global makes to the zone, and takes it away there when it is deleted', async () => {
    const g = await global();
    const z = await zone('zone-1', g.port);
    await put(g, { kind: 'Mesh', mesh: '', name: 'demo', spec: { routing: { localityAwareLoadBalancing: true } } });
    const mesh = await eventually(z.opened, () => z.opened.view.find('Mesh', '', 'demo'));
    expect(mesh.spec).toEqual({ routing: { localityAwareLoadBalancing: true } });
    expect(mesh.meta.labels['kuma.io/origin']).toBe('global');
    const external = { networking: { address: 'example.com:80' }, tags: { 'kuma.io/service': 'ext' } };
    await put(g, { kind: 'ExternalService', mesh: 'demo', name: 'ext', spec: external });
    const copy = await eventually(z.opened, () => copyOf(z.opened, 'ExternalService', 'ext'));
    expect(copy.meta.name).toMatch(/^ext-[a-z2-9]{16}$/);
    await remove(g, { kind: 'ExternalService', mesh: 'demo', name: 'ext' });
    await eventually(z.opened, () => !copyOf(z.opened, 'ExternalService', 'ext'));
  });

  it('brings dataplanes to the global, hashed and labelled, and not to other zones', async () => {
    const g = await global();
    const z1 = await zone('zone-1', g.port);
    const z2 = await zone('zone-2', g.port);
    await eventually(z1.opened, () => z1.opened.view.find('Mesh', '', 'default'));
    await put(z1, { kind: 'Dataplane', mesh: 'default', name: 'web-1', spec: dataplaneSpec });
    const copy = await eventually(g.opened, () => copyOf(g.opened, 'Dataplane', 'web-1'));
    expect(copy.meta).toMatchObject({
      labels: { 'kuma.io/origin': 'zone', 'kuma.io/zone': 'zone-1', 'kuma.io/display-name': 'web-1', 'kuma.io/env': 'universal' },
      owner: { kind: 'Zone', mesh: '', name: 'zone-1' },
    });
    await put(z1, { kind: 'ZoneIngress', mesh: '', name: 'in', spec: ingressSpec });
    const ingress = await eventually(z2.opened, () => copyOf(z2.opened, 'ZoneIngress', 'in'));
    expect(ingress.meta.labels).toMatchObject({ 'kuma.io/origin': 'global', 'kuma.io/zone': 'zone-1' });
    expect(copyOf(z2.opened, 'Dataplane', 'web-1')).toBeUndefined();
    expect(z1.opened.view.list('ZoneIngress')).toHaveLength(1);
    await remove(z1, { kind: 'ZoneIngress', mesh: '', name: 'in' });
    await eventually(z2.opened, () => !copyOf(z2.opened, 'ZoneIngress', 'in'));
    await remove(z1, { kind: 'Dataplane', mesh: 'default', name: 'web-1' });
    await eventually(g.opened, () => !copyOf(g.opened, 'Dataplane', 'web-1'));
  });

  it('withdraws the ingress of a disabled zone from the other zones, and gives it back', async () => {
    const g = await global();
    const z1 = await zone('zone-1', g.port);
    const z2 = await zone('zone-2', g.port);
    await put(z1, { kind: 'ZoneIngress', mesh: '', name: 'in', spec: ingressSpec });
    await eventually(z2.opened, () => copyOf(z2.opened, 'ZoneIngress', 'in'));
    await put(g, { kind: 'Zone', mesh: '', name: 'zone-1', spec: { enabled: false } });
    await eventually(z2.opened, () => !copyOf(z2.opened, 'ZoneIngress', 'in'));
    await put(g, { kind: 'Zone', mesh: '', name: 'zone-1', spec: { enabled: true } });
    await eventually(z2.opened, () => copyOf(z2.opened, 'ZoneIngress', 'in'));
  });

  it('keeps a zone working while the global is away, and catches up both ways when it returns', async () => {
    const globalStore = keep(new MemoryResourceStore());
    const first = await startGlobal(scope.dir, { store: globalStore });
    const z = await zone('zone-1', first.port);
    await put(first, { kind: 'Mesh', mesh: '', name: 'stays', spec: {} });
    await put(first, { kind: 'Mesh', mesh: '', name: 'goes', spec: {} });
    await eventually(z.opened, () => z.opened.view.find('Mesh', '', 'goes') && z.opened.view.find('Mesh', '', 'stays'));
    await first.stop();
    await put(z, { kind: 'Dataplane', mesh: 'stays', name: 'web-1', spec: dataplaneSpec });
    await globalStore.transact([{ op: 'delete', key: { kind: 'Mesh', mesh: '', name: 'goes' } }], { author });
    const second = await global({ store: globalStore, port: first.port });
    await eventually(z.opened, () => !z.opened.view.find('Mesh', '', 'goes'), 'the deletion made meanwhile');
    await eventually(second.opened, () => copyOf(second.opened, 'Dataplane', 'web-1'), 'the dataplane made meanwhile');
    expect(z.opened.view.find('Mesh', '', 'stays')).toBeDefined();
  });

  it('deletes nothing in a zone whose global came back empty', async () => {
    const first = await startGlobal(scope.dir, {});
    const z = await zone('zone-1', first.port);
    await put(first, { kind: 'Mesh', mesh: '', name: 'demo', spec: {} });
    await eventually(z.opened, () => z.opened.view.find('Mesh', '', 'demo'));
    await z.sync.firstSync;
    await first.stop();
    const second = await global({ port: first.port });
    await put(second, { kind: 'Mesh', mesh: '', name: 'new', spec: {} });
    await eventually(z.opened, () => z.opened.view.find('Mesh', '', 'new'));
    expect(z.opened.view.find('Mesh', '', 'demo')).toBeDefined();
    await put(second, { kind: 'Mesh', mesh: '', name: 'demo', spec: { routing: { localityAwareLoadBalancing: true } } });
    await eventually(
      z.opened,
      () => z.opened.view.find<{ routing?: object }>('Mesh', '', 'demo')?.spec.routing,
      'the new global takes over what it makes again',
    );
    await remove(second, { kind: 'Mesh', mesh: '', name: 'demo' });
    await eventually(z.opened, () => !z.opened.view.find('Mesh', '', 'demo'));
  });

  it('deletes nothing at the global when a zone comes back empty, and everything its Zone owns with the Zone', async () => {
    const g = await global();
    const before = await startZone(scope.dir, { name: 'zone-1', port: g.port });
    await eventually(before.opened, () => before.opened.view.find('Mesh', '', 'default'));
    await put(before, { kind: 'Dataplane', mesh: 'default', name: 'web-1', spec: dataplaneSpec });
    await eventually(g.opened, () => copyOf(g.opened, 'Dataplane', 'web-1'));
    await before.sync.firstSync;
    await before.stop();
    const after = await startZone(scope.dir, { name: 'zone-1', port: g.port });
    await after.sync.firstSync;
    await put(after, { kind: 'Dataplane', mesh: 'default', name: 'web-2', spec: dataplaneSpec });
    await eventually(g.opened, () => copyOf(g.opened, 'Dataplane', 'web-2'));
    expect(copyOf(g.opened, 'Dataplane', 'web-1')).toBeDefined();
    await after.stop();
    await eventually(g.opened, () => !isZoneOnline(g.opened.view.find<{ subscriptions?: [] }>('ZoneInsight', '', 'zone-1')?.spec));
    await remove(g, { kind: 'Zone', mesh: '', name: 'zone-1' });
    await eventually(g.opened, () => g.opened.view.count('Dataplane') === 0 && !g.opened.view.find('Config', '', 'kds-peer-zone-1'));
  });

  it('takes nothing from a zone that had meshes and dataplanes before it joined', async () => {
    const store = keep(new MemoryResourceStore());
    const mesh = { kind: 'Mesh', mesh: '', name: 'local', spec: {} };
    const dataplane = { kind: 'Dataplane', mesh: 'local', name: 'old', spec: dataplaneSpec };
    await store.transact(
      [mesh, dataplane].map((draft) => ({ op: 'create', draft }) as const),
      { author },
    );
    const g = await global();
    const z = await zone('zone-1', g.port, store);
    await z.sync.firstSync;
    expect(z.opened.view.find('Mesh', '', 'local')).toBeDefined();
    await eventually(g.opened, () => copyOf(g.opened, 'Dataplane', 'old'));
    expect(z.opened.view.find('Dataplane', 'local', 'old')).toBeDefined();
  });

  it('asks a zone for the admin output of a proxy, and passes its refusal on', async () => {
    const g = await global();
    const z = await startZone(scope.dir, {
      name: 'zone-1',
      port: g.port,
      proxyAdmin: async (request) => Buffer.from(`${request.what} of ${request.name}`),
    });
    scope.running.push(z);
    await eventually(z.opened, () => z.opened.view.find('Mesh', '', 'default'));
    await put(z, { kind: 'Dataplane', mesh: 'default', name: 'web-1', spec: dataplaneSpec });
    const copy = await eventually(g.opened, () => copyOf(g.opened, 'Dataplane', 'web-1'));
    for (const what of ['xds', 'stats', 'clusters'] as const) {
      const bytes = await g.opened.controlPlane.proxyAdmin({
        kind: 'Dataplane',
        mesh: 'default',
        name: copy.meta.name,
        what,
        format: 'text',
      });
      expect(Buffer.from(bytes).toString()).toBe(`${what} of web-1`);
    }
  });
});

/** A store that outlives the control planes that close it. */
function keep(store: MemoryResourceStore): MemoryResourceStore {
  return Object.assign(store, { close: async () => {} });
}
