import { type AnyDescriptor, DescriptorRegistry, heldRemovals, MeshError, type ResourceDraft, ResourceView } from '@mesh/core';
import { MemoryResourceStore } from '@mesh/store-memory';
import { dataplane, externalService, mesh, resource, secret, zone, zoneEgress, zoneIngress, zoneInsight } from '@mesh/testing';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { coreKinds } from '../index.gen.js';
import type { ControlPlaneFacts, MeshHook } from './facts.js';
import { ResourceManager } from './resource-manager.js';

const author = { name: 'test' };
const GLOBAL: ControlPlaneFacts = { mode: 'global', zone: '', federated: false, environment: 'universal' };
const ZONE: ControlPlaneFacts = { mode: 'zone', zone: 'zone-1', federated: false, environment: 'universal' };
const FEDERATED: ControlPlaneFacts = { ...ZONE, federated: true };

const thing: AnyDescriptor = {
  kind: 'Thing',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  displayName: { singular: 'Thing', plural: 'Things' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true },
  hasStatus: true,
  schema: z.object({ a: z.number().optional() }),
};

async function setup(facts: ControlPlaneFacts, meshHooks: readonly MeshHook[] = []) {
  const store = new MemoryResourceStore();
  const view = new ResourceView();
  await store.follow(view.apply);
  await store.transact([{ op: 'create', draft: mesh().draft() }], { author });
  const manager = new ResourceManager({ store, view, registry: new DescriptorRegistry([...coreKinds, thing]), facts, meshHooks });
  const put = (draft: ResourceDraft, expectedVersion?: number) => manager.put({ draft, author, expectedVersion });
  const remove = (kind: string, name: string, inMesh = '') => manager.delete({ key: { kind, mesh: inMesh, name }, author });
  /** Writes without any rule, as synchronisation does. */
  const seed = (...drafts: ResourceDraft[]) =>
    store.transact(
      drafts.map((draft) => ({ op: 'upsert', draft }) as const),
      { author },
    );
  return { store, view, manager, put, remove, seed };
}

/** The code and the fields of what a promise is rejected with. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!MeshError.is(error)) return String(error);
  return [error.code, ...error.violations.map(({ field }) => field)].join(' ');
}

describe('a write', () => {
  it('creates, then replaces, then changes nothing where nothing is new', async () => {
    const { put, view } = await setup(ZONE);
    const draft = dataplane().inbound('web', 80).draft();
    expect(await put(draft)).toMatchObject({ created: true, resource: { meta: { version: 1, owner: { kind: 'Mesh', name: 'default' } } } });
    const { revision } = view;
    expect(await put(draft)).toMatchObject({ created: false, revision, resource: { meta: { version: 1 } } });
    expect(view.revision).toBe(revision);
    expect(await put(dataplane().inbound('web', 81).draft())).toMatchObject({ created: false, resource: { meta: { version: 2 } } });
  });

  it('that was given up does not undo what another instance wrote meanwhile', async () => {
    const { store, view, manager, put } = await setup(ZONE);
    const key = { kind: 'Thing', mesh: 'default', name: 'a' };
    await put({ ...key, spec: { a: 1 } });
    const before = new ResourceView(); // of an instance that stood still
    before.apply({ type: 'snapshot', snapshot: { revision: view.revision, resources: [...view.all()] } });
    await put({ ...key, spec: { a: 3 } });
    const behind = new ResourceManager({ store, view: before, registry: new DescriptorRegistry([...coreKinds, thing]), facts: ZONE });
    const caller = new AbortController();
    vi.spyOn(store, 'transact').mockImplementationOnce((...args) => {
      caller.abort();
      return store.transact(...args);
    });
    const { signal } = caller;
    expect(await refusal(behind.put({ draft: { ...key, spec: { a: 2 } }, author, signal }))).toBe('unavailable');
    expect(await refusal(manager.delete({ key, author, signal }))).toBe('unavailable');
    expect(view.find('Thing', 'default', 'a')?.spec).toEqual({ a: 3 });
  });

  it('needs its mesh', async () => {
    const { put, remove } = await setup(ZONE);
    expect(await refusal(put(secret('s', 'x').inMesh('nope').draft()))).toBe('mesh_not_found');
    expect(await refusal(remove('Secret', 's', 'nope'))).toBe('mesh_not_found');
    expect(await refusal(remove('Secret', 's', 'default'))).toBe('not_found');
  });

  it('is refused where its shape or a rule is broken, though another process sent it as checked', async () => {
    const { put } = await setup(ZONE);
    expect(await refusal(put(resource('Secret', 's').withSpec({ data: '!!' }).draft()))).toBe('bad_request');
    expect(await refusal(put(resource('Dataplane', 'D').withSpec({ networking: {} }).draft()))).toBe('invalid name networking.address');
    expect(await refusal(put(resource('Thing', 't').withSpec({ a: 'x' }).draft()))).toBe('invalid spec.a');
    expect(await refusal(put(resource('Nothing', 'd').draft()))).toBe('bad_request');
  });

  it('holds to the version its author has seen', async () => {
    const { put } = await setup(ZONE);
    await put(secret('s', 'a').draft());
    await put(secret('s', 'b').draft(), 1);
    expect(await refusal(put(secret('s', 'c').draft(), 1))).toBe('conflict');
    expect(await refusal(put(secret('s', 'b').draft(), 1))).toBe('conflict');
    expect(await refusal(put(secret('t', 'c').draft(), 3))).toBe('conflict');
  });

  it('that names no version wins against others at the same time', async () => {
    const { put, view } = await setup(ZONE);
    await Promise.all(['a', 'b', 'c', 'd'].map((content) => put(secret('s', content).draft())));
    expect(view.find('Secret', 'default', 's')?.meta.version).toBe(4);
  });

  it('of what the view has needs no read of the store, nor does one of nothing new where the view is believed', async () => {
    const { put, manager, store } = await setup(ZONE);
    const draft = (port: number) => dataplane().inbound('web', port).draft();
    await put(draft(80));
    const get = vi.spyOn(store, 'get');
    for (const port of [81, 81]) await manager.put({ draft: draft(port), author, believesView: true });
    expect(get).not.toHaveBeenCalled();
  });

  it('is decided by the store where the view lags what another instance wrote', async () => {
    const { store, view: current, put } = await setup(ZONE);
    const draft = (port: number) => dataplane().inbound('web', port).draft();
    const { resource: first } = await put(draft(80));
    const lagging = new ResourceView();
    const { stop } = await store.follow(lagging.apply);
    await stop();
    const manager = new ResourceManager({ store, view: lagging, registry: new DescriptorRegistry(coreKinds), facts: ZONE });
    await put(draft(81));
    // The same as the view has, though no longer as the store has.
    expect(await manager.put({ draft: draft(80), author })).toMatchObject({ created: false, resource: { meta: { version: 3 } } });
    expect(current.get(draft(80))?.spec).toEqual(first.spec);
    // A version the view has not seen.
    expect(await manager.put({ draft: draft(82), author, expectedVersion: 3 })).toMatchObject({ resource: { meta: { version: 4 } } });
    expect(await refusal(manager.put({ draft: draft(83), author, expectedVersion: 1 }))).toBe('conflict');
    // A mesh, and what is in it, that the view has not seen.
    await put(mesh('late').draft());
    await put(secret('s', 'eA==').inMesh('late').draft());
    const late = await manager.put({ draft: secret('s', 'eQ==').inMesh('late').draft(), author });
    expect(late).toMatchObject({ created: false, resource: { meta: { version: 2 } } });
  });

  it('keeps the status that the control plane wrote', async () => {
    const { put, seed, view } = await setup(ZONE);
    await put(resource('Thing', 't').withSpec({ a: 1 }).draft());
    const stored = view.find('Thing', 'default', 't');
    await seed({ ...resource('Thing', 't').withSpec({ a: 1 }).withStatus({ ready: true }).draft(), labels: stored?.meta.labels ?? {} });
    await put(resource('Thing', 't').withSpec({ a: 2 }).withStatus({ ready: false }).draft());
    expect(view.find('Thing', 'default', 't')).toMatchObject({ spec: { a: 2 }, status: { ready: true } });
  });
});

describe('the place of a kind', () => {
  it('is the zone for proxies: a global refuses them', async () => {
    const { put, remove } = await setup(GLOBAL);
    for (const draft of [dataplane().draft(), zoneIngress().draft(), zoneEgress().draft()])
      expect(await refusal(put(draft))).toBe('read_only');
    expect(await refusal(remove('Dataplane', 'd', 'default'))).toBe('read_only');
  });

  it('is the global for meshes and external services: a federated zone refuses them', async () => {
    const { put } = await setup(FEDERATED);
    for (const draft of [mesh().draft(), externalService('a', 'b:80').draft()]) expect(await refusal(put(draft))).toBe('read_only');
    expect(await refusal(put(dataplane().draft()))).toBe('undefined');
  });

  it('is the control plane itself for insights', async () => {
    const { put } = await setup(ZONE);
    for (const draft of [zoneInsight().draft(), resource('MeshInsight', 'm', '').draft(), resource('Config', 'c', '').draft()]) {
      expect(await refusal(put(draft))).toBe('read_only');
    }
  });

  it('is nowhere on a control plane started read-only', async () => {
    const { put } = await setup({ ...GLOBAL, readOnly: true });
    expect(await refusal(put(mesh().draft()))).toBe('read_only');
  });
});

describe('labels', () => {
  it('of a zone say where a resource comes from', async () => {
    const { put } = await setup(ZONE);
    const zoneLabels = { 'kuma.io/env': 'universal', 'kuma.io/origin': 'zone', 'kuma.io/zone': 'zone-1' };
    const labelsOf = async (draft: ResourceDraft) => (await put(draft)).resource.meta.labels;
    expect(await labelsOf(dataplane().draft())).toEqual({ ...zoneLabels, 'kuma.io/mesh': 'default', 'kuma.io/proxy-type': 'sidecar' });
    expect(await labelsOf(zoneIngress().draft())).toEqual({ ...zoneLabels, 'kuma.io/proxy-type': 'zoneingress' });
    expect(await labelsOf(secret('s', 'x').draft())).toEqual({ ...zoneLabels, 'kuma.io/mesh': 'default' });
    expect(await labelsOf(externalService('a', 'b:80').draft())).toEqual({ 'kuma.io/mesh': 'default' });
    expect(await labelsOf(mesh().zoneEgress().mtls().draft())).toEqual({});
  });

  it('of a global say the mesh only', async () => {
    const { put } = await setup(GLOBAL);
    expect((await put(secret('s', 'x').draft())).resource.meta.labels).toEqual({ 'kuma.io/mesh': 'default' });
    expect((await put(zone().draft())).resource.meta.labels).toEqual({});
  });

  it('are replaced by each write, but for those that never change', async () => {
    const { put } = await setup(ZONE);
    await put(secret('s', 'x').label('team', 'a').label('kuma.io/display-name', 'shown').draft());
    const { resource: stored } = await put(secret('s', 'x').label('owner', 'b').draft());
    expect(stored.meta.labels).toMatchObject({ owner: 'b', 'kuma.io/display-name': 'shown', 'kuma.io/zone': 'zone-1' });
    expect(stored.meta.labels).not.toHaveProperty('team');
    expect(await refusal(put(secret('s', 'x').label('kuma.io/display-name', 'other').draft()))).toBe(
      'invalid labels["kuma.io/display-name"]',
    );
    expect(await refusal(put(secret('s', 'x').label('kuma.io/origin', 'global').draft()))).toBe('invalid labels["kuma.io/origin"]');
  });

  it('may not name another zone or another mesh', async () => {
    const { put } = await setup(ZONE);
    const foreign = secret('s', 'x').label('kuma.io/zone', 'zone-2').label('kuma.io/mesh', 'other');
    expect(await refusal(put(foreign.draft()))).toBe('invalid labels["kuma.io/zone"] labels["kuma.io/mesh"]');
  });
});

describe('the origin', () => {
  it('keeps a global from changing what a zone made', async () => {
    const { put, remove, seed } = await setup(GLOBAL);
    await seed(resource('Thing', 't').fromZone('zone-1').draft());
    expect(await refusal(put(resource('Thing', 't').withSpec({ a: 1 }).draft()))).toBe('invalid labels["kuma.io/origin"]');
    expect(await refusal(put(resource('Thing', 'u').fromZone('zone-1').draft()))).toBe('invalid labels["kuma.io/origin"]');
    expect(await refusal(remove('Thing', 't', 'default'))).toBe('invalid ["kuma.io/origin"]');
  });

  it('must be said by policies on a federated zone', async () => {
    const { put, remove, seed } = await setup(FEDERATED);
    expect(await refusal(put(resource('Thing', 't').draft()))).toBe('invalid labels["kuma.io/origin"]');
    expect(await refusal(put(resource('Thing', 't').label('kuma.io/origin', 'zone').draft()))).toBe('undefined');
    await seed(resource('Thing', 'synced').fromGlobal().draft(), secret('synced', 'x').fromGlobal().draft());
    expect(await refusal(remove('Thing', 'synced', 'default'))).toBe('invalid ["kuma.io/origin"]');
    expect(await refusal(put(secret('synced', 'y').draft()))).toBe('invalid labels["kuma.io/origin"]');
    expect(await refusal(remove('Thing', 't', 'default'))).toBe('undefined');
  });

  it('need not be said where its check is switched off', async () => {
    const { put } = await setup({ ...FEDERATED, disableOriginLabelValidation: true });
    expect(await refusal(put(resource('Thing', 't').draft()))).toBe('undefined');
  });

  it('leaves room for the zone in the name', async () => {
    const { put } = await setup(FEDERATED);
    expect(await refusal(put(secret('a'.repeat(246), 'x').draft()))).toBe('invalid name');
    expect(await refusal(put(secret('a'.repeat(245), 'x').draft()))).toBe('undefined');
  });
});

describe('a proxy in a zone', () => {
  it('carries the zone, whatever it claims', async () => {
    const { put } = await setup(ZONE);
    const inbound = dataplane().inbound('web', 80, { tags: { 'kuma.io/zone': 'other' } });
    expect((await put(inbound.draft())).resource.spec).toMatchObject({ networking: { inbound: [{ tags: { 'kuma.io/zone': 'zone-1' } }] } });
    expect((await put(dataplane('gw').gateway('g').draft())).resource.spec).toMatchObject({
      networking: { gateway: { tags: { 'kuma.io/zone': 'zone-1' } } },
    });
    expect((await put(zoneIngress().zone('zone-1').draft())).resource.spec).toMatchObject({ zone: 'zone-1' });
    expect((await put(zoneEgress().draft())).resource.spec).toMatchObject({ zone: 'zone-1' });
  });

  it('has no tags put on tagless inbounds where the mesh works with MeshServices alone', async () => {
    const { put } = await setup(ZONE);
    const tagless = dataplane().withSpec({ networking: { address: '10.0.0.1', inbound: [{ port: 80 }] } });
    // Elsewhere the zone adds its tag, which is not enough: the global would refuse what the zone stored.
    expect(await refusal(put(tagless.draft()))).toBe('invalid networking.inbound[0].tags["kuma.io/service"]');
    await put(
      mesh()
        .withSpec({ meshServices: { mode: 'Exclusive' } })
        .draft(),
    );
    const { resource: stored } = await put(tagless.named('dp-2').draft());
    expect(stored.spec).toEqual({ networking: { address: '10.0.0.1', inbound: [{ port: 80 }] } });
  });

  it('starts unready where its service is probed, and keeps its state afterwards', async () => {
    const { put } = await setup(ZONE);
    const probed = dataplane().inbound('web', 80, { serviceProbe: { interval: '1s' } });
    expect((await put(probed.draft())).resource.spec).toMatchObject({ networking: { inbound: [{ state: 'NotReady', health: {} }] } });
    const ready = dataplane().inbound('web', 80, { serviceProbe: { interval: '1s' }, health: { ready: true } });
    expect((await put(ready.draft())).resource.spec).toMatchObject({ networking: { inbound: [{ health: { ready: true } }] } });
  });

  it('is a member only where the constraints of the mesh let it', async () => {
    const { put } = await setup(ZONE);
    const rules = { requirements: [{ tags: { team: '*' } }], restrictions: [{ tags: { team: 'red' } }] };
    await put(
      mesh()
        .withSpec({ constraints: { dataplaneProxy: rules } })
        .draft(),
    );
    const withTeam = (team?: string) =>
      put(
        dataplane()
          .inbound('web', 80, { tags: team ? { team } : {} })
          .draft(),
      );
    expect(await refusal(withTeam())).toBe('invalid networking.inbound[0].tags');
    expect(await refusal(withTeam('red'))).toBe('invalid networking.inbound[0].tags');
    expect(await refusal(withTeam('blue'))).toBe('undefined');
  });
});

describe('a Mesh', () => {
  it('keeps its CA while mTLS is on', async () => {
    const { put } = await setup(GLOBAL);
    await put(mesh().mtls('ca-1').draft());
    expect(await refusal(put(mesh().mtls('ca-2').draft()))).toBe('invalid mtls.enabledBackend');
    await put(mesh().draft());
    expect(await refusal(put(mesh().mtls('ca-2').draft()))).toBe('undefined');
  });

  it('has CA backends of known types, with names that fit their secrets', async () => {
    const { put } = await setup(GLOBAL);
    const backend = (name: string, type: string, conf = {}) =>
      mesh()
        .withSpec({ mtls: { backends: [{ name, type, conf }] } })
        .draft();
    expect(await refusal(put(backend('a', 'vault')))).toBe('invalid mtls.backends[0].type');
    expect(await refusal(put(backend('a_B', 'builtin')))).toBe('invalid mtls.backends[0].conf.mtls.backends.name');
    expect(await refusal(put(backend('a', 'builtin', { caCert: { expiration: 'x' } })))).toBe(
      'invalid mtls.backends[0].conf.caCert.expiration',
    );
    expect(await refusal(put(mesh('a'.repeat(64)).draft()))).toBe('invalid name');
  });

  it('is written in one transaction with what hooks add, or not at all', async () => {
    const seen: boolean[] = [];
    const hook: MeshHook = async ({ name, before }) => {
      seen.push(before !== undefined);
      if (name === 'bad') throw new MeshError('invalid', { violations: [{ field: 'mtls', message: 'no' }] });
      return [{ op: 'upsert', draft: secret('added', 'x').inMesh(name).draft() }];
    };
    const { put, view, store } = await setup(GLOBAL, [hook]);
    await put(mesh('m').draft());
    await put(mesh('m').mtls().draft());
    expect(seen).toEqual([false, true]);
    expect(view.find('Secret', 'm', 'added')).toBeDefined();
    expect(await refusal(put(mesh('bad').draft()))).toBe('invalid mtls');
    expect(await store.get({ kind: 'Mesh', mesh: '', name: 'bad' })).toBeUndefined();
  });
});

describe('a removal', () => {
  it('of a Mesh waits for its Dataplanes, and takes the rest along', async () => {
    const { put, remove, view } = await setup(ZONE);
    await put(dataplane().draft());
    await put(secret('s', 'x').draft());
    expect(await refusal(remove('Mesh', 'default'))).toBe('invalid mesh');
    await remove('Dataplane', 'dp-1', 'default');
    await remove('Mesh', 'default');
    expect([...view.all()]).toEqual([]);
  });

  it('of a Zone waits for its control plane to go', async () => {
    const { put, remove, seed } = await setup(GLOBAL);
    await put(zone().draft());
    await seed(zoneInsight().draft());
    await expect(remove('Zone', 'zone-1')).rejects.toMatchObject({
      code: 'invalid',
      violations: [{ field: 'zone', message: 'unable to delete Zone, Zone CP is still connected, please shut it down first' }],
    });
    await seed(zoneInsight('zone-1', '2026-01-01T00:00:01Z').draft());
    expect(await refusal(remove('Zone', 'zone-1'))).toBe('undefined');
  });

  it('of a Secret waits for the CA that uses it', async () => {
    const { put, remove } = await setup(GLOBAL);
    await put(secret('default.ca-builtin-cert-ca-1', 'x').draft());
    await put(mesh().mtls().draft());
    expect(await refusal(remove('Secret', 'default.ca-builtin-cert-ca-1', 'default'))).toBe('invalid name');
    await put(mesh().draft());
    expect(await refusal(remove('Secret', 'default.ca-builtin-cert-ca-1', 'default'))).toBe('undefined');
  });

  it('waits for nothing where deleting is unsafe by configuration', async () => {
    const { put, remove } = await setup({ ...ZONE, unsafeDelete: true });
    await put(dataplane().draft());
    expect(await refusal(remove('Mesh', 'default'))).toBe('undefined');
  });

  it('holds to the version its author has seen', async () => {
    const { put, manager } = await setup(ZONE);
    await put(secret('s', 'a').draft());
    const key = { kind: 'Secret', mesh: 'default', name: 's' };
    expect(await refusal(manager.delete({ key, author, expectedVersion: 2 }))).toBe('conflict');
    expect(await refusal(manager.delete({ key, author, expectedVersion: 1 }))).toBe('undefined');
  });
});

describe('what a zone keeps of a global that lost its store', () => {
  it('stays when it is let go of: that of the global takes its place, and no removal does', async () => {
    const { seed, remove, view } = await setup(FEDERATED);
    const config = JSON.stringify({ id: 'store-b', revision: 7, held: {}, kept: { Mesh: ['default.'], Secret: ['key.default'] } });
    await seed({ kind: 'Config', mesh: '', name: 'kds-peer-global', spec: { config } });
    await remove('Mesh', 'default');
    expect(view.find('Mesh', '', 'default')).toBeDefined();
    expect(heldRemovals(view)).toEqual([{ peer: 'global', kind: 'Secret', name: 'key.default', released: 'replaced' }]);
  });
});
