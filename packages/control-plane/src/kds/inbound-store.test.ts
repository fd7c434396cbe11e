import { setImmediate } from 'node:timers/promises';
import { type FeedEvent, ResourceView, withoutKept } from '@mesh/core';
import { encodeResource, InboundStore, PeerRecord, wireName } from '@mesh/kds';
import { MemoryResourceStore } from '@mesh/store-memory';
import { expect, it } from 'vitest';
import { isDefault } from '../defaults/is-default.js';
import { buildRegistry } from '../registry.js';

const registry = buildRegistry();
const author = { name: 'test' };

/** A stream from zone `z` to a global whose view gets events only when it is let. */
async function setup() {
  const store = new MemoryResourceStore();
  const view = new ResourceView();
  const late: FeedEvent[] = [];
  let held = false;
  await store.follow((event) => (held ? late.push(event) : view.apply(event)));
  await store.transact([{ op: 'create', draft: { kind: 'Zone', mesh: '', name: 'z', spec: {} } }], { author });
  const record = new PeerRecord(PeerRecord.configNameFor('z'), { kind: 'Zone', mesh: '', name: 'z' });
  const inbound = new InboundStore({ store, view, registry, scope: { at: 'global', zone: 'z', hashed: true }, record, author });
  await inbound.loadRecord();
  const send = (port: number) => {
    const spec = { networking: { address: '10.0.0.1', port, advertisedAddress: '10.0.0.1', advertisedPort: port } };
    const body = encodeResource({ name: 'ingress-1', mesh: '', labels: {}, spec }, registry.mustGet('ZoneIngress'));
    return inbound.apply({
      kind: 'ZoneIngress',
      first: false,
      resources: [{ name: wireName('ingress-1', ''), version: '', body }],
      removed: [],
    });
  };
  const stored = async () => {
    const resource = await store.get({ kind: 'ZoneIngress', mesh: '', name: 'ingress-1' });
    return (resource?.spec as { networking?: { port?: number } } | undefined)?.networking?.port;
  };
  const hold = () => void (held = true);
  const release = async () => {
    // Whoever does not wait for the view has read it by now.
    await setImmediate();
    held = false;
    for (const event of late.splice(0)) view.apply(event);
  };
  return { inbound, send, stored, hold, release };
}

it('compares a batch with what the stream stored before it, however late the view is', async () => {
  const { send, stored, hold, release } = await setup();
  await send(1);
  hold();
  await send(2);
  const back = send(1);
  await release();
  await back;
  expect(await stored()).toBe(1);
});

it('tells the peer the versions of what its stream has stored, however late the view is', async () => {
  const { inbound, send, hold, release } = await setup();
  hold();
  await send(1);
  const versions = inbound.initialVersions('ZoneIngress');
  await release();
  expect(Object.keys(await versions)).toEqual(['ingress-1.']);
});

/** A zone that has synced with one global, and now hears of another one under its address. */
async function zoneOfAnotherGlobal() {
  const store = new MemoryResourceStore();
  const view = new ResourceView();
  await store.follow(view.apply);
  const labels = { 'kuma.io/origin': 'global' };
  const connect = async (id: string) => {
    const record = new PeerRecord(PeerRecord.configNameFor('global'));
    const inbound = new InboundStore({ store, view, registry, scope: { at: 'zone' }, record, author, isDefault });
    await inbound.loadRecord();
    record.meet({ id });
    const send = async (kind: string, resource: { name: string; mesh?: string; spec: object }, first = false) => {
      const { name, mesh = '', spec } = resource;
      const body = encodeResource({ name, mesh, labels, spec: spec as never }, registry.mustGet(kind));
      return inbound.apply({ kind, first, resources: [{ name: wireName(name, mesh), version: JSON.stringify(spec), body }], removed: [] });
    };
    return { inbound, send };
  };
  const specOf = async (kind: string, name: string, mesh = '') => (await store.get({ kind, mesh, name }))?.spec;
  return { connect, specOf, store, view };
}

const MTLS = { mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] } };
const secretOf = (data: string) => ({ data: Buffer.from(data).toString('base64') });

it('keeps its mesh and its keys where a global with another store has but those it made itself, on every stream', async () => {
  const { connect, specOf } = await zoneOfAnotherGlobal();
  const key = { name: 'dataplane-token-signing-key-default-1', mesh: 'default' };
  const first = await connect('store-a');
  await first.send('Mesh', { name: 'default', spec: MTLS }, true);
  await first.send('Secret', { ...key, spec: secretOf('old') }, true);
  await first.inbound.adopt();
  const other = await connect('store-b');
  const [refusal] = await other.send('Mesh', { name: 'default', spec: {} }, true);
  expect(refusal).toMatchObject({ name: 'default.', message: expect.stringContaining('another store') });
  await other.send('Secret', { ...key, spec: secretOf('new') }, true);
  await other.inbound.adopt();
  const again = await connect('store-b');
  expect(await again.send('Mesh', { name: 'default', spec: {} }, true)).toHaveLength(1);
  expect(await specOf('Mesh', 'default')).toEqual(MTLS);
  expect(await specOf('Secret', key.name, 'default')).toEqual(secretOf('old'));
});

it('counts a default it keeps as no difference, until somebody lets go of what is kept', async () => {
  const { connect, specOf, store, view } = await zoneOfAnotherGlobal();
  const first = await connect('store-a');
  await first.send('Mesh', { name: 'default', spec: MTLS }, true);
  await first.inbound.adopt();
  const { inbound, send } = await connect('store-b');
  const before = inbound.digest('Mesh');
  await send('Mesh', { name: 'default', spec: {} }, true);
  await inbound.adopt();
  const kept = inbound.digest('Mesh');
  expect(kept).not.toBe(before);
  const released = withoutKept(view, { kind: 'Mesh', mesh: '', name: 'default' });
  expect(released).toHaveLength(1);
  await store.transact(
    released.map((draft) => ({ op: 'upsert', draft })),
    { author },
  );
  expect(inbound.digest('Mesh')).toBe(before);
  expect(await send('Mesh', { name: 'default', spec: {} })).toEqual([]);
  expect(await specOf('Mesh', 'default')).toEqual({});
});

it('takes what people write at a global with another store', async () => {
  const { connect, specOf } = await zoneOfAnotherGlobal();
  const first = await connect('store-a');
  await first.send('Mesh', { name: 'default', spec: MTLS }, true);
  await first.inbound.adopt();
  const other = await connect('store-b');
  await other.send('Mesh', { name: 'default', spec: {} }, true);
  await other.inbound.adopt();
  const spec = { ...MTLS, routing: { zoneEgress: true } };
  expect(await other.send('Mesh', { name: 'default', spec })).toEqual([]);
  expect(await specOf('Mesh', 'default')).toEqual(spec);
});
