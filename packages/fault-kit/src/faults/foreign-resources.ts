import type { ResourceDraft } from '@mesh/core';
import type { ControlPlaneHandle } from '@mesh/lab-kit';
import type { Fault } from '../fault.js';
import { put } from '../observers/ledger.js';
import type { World } from '../world/world.js';

const UNDECODABLE = 'undecodable';
const NEWER = 'of-a-newer-version';
const COLLIDING = 'colliding';
const NOBODY = { kind: 'MeshSubset', tags: { 'kuma.io/service': 'nobody' } };
const OF_GLOBAL = { 'kuma.io/mesh': 'default', 'kuma.io/origin': 'global' };
const OF_ZONE = { 'kuma.io/mesh': 'default', 'kuma.io/origin': 'zone', 'kuma.io/zone': 'zone-2' };
const NEW_KIND = { kind: 'MeshOfTheFuture', mesh: 'default', name: NEWER, spec: { anything: [1] } };

/** What a newer instance has written at the global: nonsense, fields and kinds nobody here knows. */
const AT_GLOBAL: readonly ResourceDraft[] = [
  { kind: 'MeshTimeout', mesh: 'default', name: UNDECODABLE, labels: OF_GLOBAL, spec: { to: 7 } },
  {
    kind: 'MeshTimeout',
    mesh: 'default',
    name: NEWER,
    labels: OF_GLOBAL,
    spec: { targetRef: NOBODY, to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '1s', inTheFuture: {} } }], future: 1 },
  },
  { ...NEW_KIND, labels: OF_GLOBAL },
];

/** The same in a zone. */
const AT_ZONE: readonly ResourceDraft[] = [
  { kind: 'Dataplane', mesh: 'default', name: UNDECODABLE, labels: OF_ZONE, spec: { networking: 'nowhere' } },
  {
    kind: 'Dataplane',
    mesh: 'default',
    name: NEWER,
    labels: OF_ZONE,
    spec: { networking: { address: '127.0.0.9', inbound: [{ port: 9, tags: { 'kuma.io/service': 'nobody' }, future: 1 }] }, future: {} },
  },
  { ...NEW_KIND, labels: OF_ZONE },
];

/** Resources that cannot be decoded, of versions to come, and of names that the global and two zones have each for their own. */
export const foreignResources: Fault = {
  name: 'everywhere: resources that cannot be decoded, of newer versions, of names that collide',
  place: 'global',
  isAlone: true,
  lastsMs: { sampled: 3_000, full: 20_000 },
  inject: async (world) => {
    await world.databases.global.write(AT_GLOBAL.map((draft) => ({ op: 'upsert', draft })));
    await world.databases.zone2.write(AT_ZONE.map((draft) => ({ op: 'upsert', draft })));
    const { global, zone1, zone2 } = world.lab;
    for (const plane of [global, zone1, zone2]) await collide(world, plane);
    for (const zone of [zone1, zone2]) await isRefused(world, zone);
    for (const [plane, count] of [
      [global, 3],
      [zone1, 2],
      [zone2, 2],
    ] as const)
      await haveTheirOwn(world, plane, count);
  },
  heal: async (world) => {
    await world.databases.global.write(AT_GLOBAL.map(({ kind, mesh, name }) => ({ op: 'delete', key: { kind, mesh, name } })));
    await world.databases.zone2.write(AT_ZONE.map(({ kind, mesh, name }) => ({ op: 'delete', key: { kind, mesh, name } })));
    for (const { api } of [world.lab.zone1, world.lab.zone2, world.lab.global])
      await fetch(`${api.url}/meshes/default/meshtimeouts/${COLLIDING}`, { method: 'DELETE' });
  },
};

/** Each control plane writes a policy of the same name. */
async function collide(world: World, { api, mode }: ControlPlaneHandle): Promise<void> {
  const document = {
    type: 'MeshTimeout',
    mesh: 'default',
    name: COLLIDING,
    ...(mode === 'zone' ? { labels: { 'kuma.io/origin': 'zone' } } : {}),
    spec: { targetRef: NOBODY, to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '1s' } }] },
  };
  await world.until(`a policy ${COLLIDING}`, () => put(api, `/meshes/default/meshtimeouts/${COLLIDING}`, document));
}

interface Listing {
  readonly items: readonly { readonly name: string; readonly labels?: Readonly<Record<string, string>> }[];
}

/** Nobody's takes the place of another one's: a zone has its own and that of the global, the global has all. */
async function haveTheirOwn(world: World, { name: plane, api }: ControlPlaneHandle, count: number): Promise<void> {
  await world.until(`${count} policies ${COLLIDING} at ${plane}`, async () => {
    const list = await api.get<Listing>('/meshes/default/meshtimeouts?size=100');
    const called = list?.items.filter(({ name, labels }) => (labels?.['kuma.io/display-name'] ?? name) === COLLIDING);
    return called?.length === count;
  });
}

interface Overview {
  readonly zoneInsight?: { readonly sync?: { readonly globalToZone?: { readonly refused?: readonly { readonly name?: string }[] } } };
}

/** The global shows that a zone does not take what cannot be decoded. */
async function isRefused(world: World, zone: ControlPlaneHandle): Promise<void> {
  await world.until(`what ${zone.name} refuses`, async () => {
    const overview = await world.lab.global.api.get<Overview>(`/zones/${zone.name}/_overview`);
    return overview?.zoneInsight?.sync?.globalToZone?.refused?.some(({ name }) => name?.startsWith(UNDECODABLE));
  });
}
