import { type JsonObject, keyString, type Resource, type ResourceKey } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { kindOf, testPolicy } from '../test/kinds.fixture.js';
import { encodeResource, type WireResource } from './codec.js';
import { type InboundScope, planInbound } from './inbound.js';
import { wireName } from './names.js';

const atZone: InboundScope = { at: 'zone' };
const atGlobal: InboundScope = { at: 'global', zone: 'zone-1', hashed: true };

interface Case {
  scope: InboundScope;
  kind: string;
  send?: WireResource[];
  raw?: { name: string; body: Uint8Array }[];
  remove?: string[];
  stored?: Resource[];
  holds?: (name: string) => boolean;
}

function plan({ scope, kind, send = [], raw = [], remove = [], stored = [], holds }: Case) {
  const descriptor = kind === 'MeshTest' ? testPolicy : kindOf(kind);
  const byKey = new Map(stored.map((r) => [keyString({ kind: r.kind, mesh: r.meta.mesh, name: r.meta.name }), r]));
  const encoded = send.map((r) => ({ name: wireName(r.name, r.mesh), version: '', body: encodeResource(r, descriptor) }));
  const resources = [...encoded, ...raw.map((r) => ({ ...r, version: '' }))];
  return planInbound({
    scope,
    descriptor,
    batch: { kind, first: true, resources, removed: remove },
    stored: (key: ResourceKey) => byKey.get(keyString({ ...key, kind })),
    ...(holds ? { holds } : {}),
  });
}

function held(
  kind: string,
  name: string,
  options: { mesh?: string; labels?: Record<string, string>; spec?: JsonObject; status?: JsonObject } = {},
): Resource {
  const { mesh = '', labels = {}, spec = {}, status } = options;
  return { kind, meta: { name, mesh, labels, creationTime: '', modificationTime: '', version: 3 }, spec, ...(status ? { status } : {}) };
}

const fromGlobal = { 'kuma.io/origin': 'global' };

describe('a zone that receives', () => {
  it('stores what is new, and writes nothing where nothing differs', () => {
    const policy = { name: 'p', mesh: 'm', labels: fromGlobal, spec: { a: 1 } };
    expect(plan({ scope: atZone, kind: 'MeshTest', send: [policy] }).mutations).toMatchObject([{ op: 'upsert', draft: { name: 'p' } }]);
    const stored = [held('MeshTest', 'p', { mesh: 'm', labels: fromGlobal, spec: { a: 1 } })];
    expect(plan({ scope: atZone, kind: 'MeshTest', send: [policy], stored }).mutations).toEqual([]);
  });

  it('deletes nothing for being absent', () => {
    const stored = [held('Mesh', 'old', { labels: fromGlobal })];
    expect(plan({ scope: atZone, kind: 'Mesh', stored }).mutations).toEqual([]);
  });

  it('deletes what is named, but never what the zone made itself', () => {
    const stored = [held('MeshTest', 'theirs', { mesh: 'm', labels: fromGlobal }), held('MeshTest', 'ours', { mesh: 'm' })];
    const { mutations } = plan({ scope: atZone, kind: 'MeshTest', remove: ['theirs.m', 'ours.m', 'unknown.m', 'no-dot'], stored });
    expect(mutations).toEqual([{ op: 'delete', key: { kind: 'MeshTest', mesh: 'm', name: 'theirs' } }]);
  });

  it('keeps what is held, and takes a key that is both removed and sent as an update', () => {
    const stored = [held('MeshTest', 'p', { mesh: 'm', labels: fromGlobal })];
    expect(plan({ scope: atZone, kind: 'MeshTest', remove: ['p.m'], stored, holds: () => true }).mutations).toEqual([]);
    const send = [{ name: 'p', mesh: 'm', labels: fromGlobal, spec: { b: 2 } }];
    expect(plan({ scope: atZone, kind: 'MeshTest', send, remove: ['p.m'], stored }).mutations).toMatchObject([{ op: 'upsert' }]);
  });

  it('refuses a secret whose key the zone uses itself, and stores the others', () => {
    const send = ['a', 'b'].map((name) => ({ name, mesh: 'm', labels: fromGlobal, spec: { data: 'eA==' } }));
    const { mutations, rejected } = plan({ scope: atZone, kind: 'Secret', send, stored: [held('Secret', 'a', { mesh: 'm' })] });
    expect(mutations).toMatchObject([{ draft: { name: 'b' } }]);
    expect(rejected).toMatchObject([{ name: 'a.m', message: expect.stringContaining('user error') }]);
  });

  it('takes over a Mesh it had before it joined', () => {
    const send = [{ name: 'default', mesh: '', labels: fromGlobal, spec: {} }];
    expect(plan({ scope: atZone, kind: 'Mesh', send, stored: [held('Mesh', 'default')] }).rejected).toEqual([]);
  });

  it('quarantines what is invalid or unreadable, says why, and stores the rest', () => {
    const send: WireResource[] = [
      { name: 'good', mesh: 'm', labels: fromGlobal, spec: {} },
      { name: 'bad', mesh: 'm', labels: fromGlobal, spec: { bad: true } },
      { name: 'nul', mesh: 'm', labels: fromGlobal, spec: { text: 'a\u0000b' } },
    ];
    const raw = [{ name: 'garbage.m', body: Buffer.from([255, 1, 2]) }];
    const { mutations, rejected } = plan({ scope: atZone, kind: 'MeshTest', send, raw });
    expect(mutations).toMatchObject([{ draft: { name: 'good' } }]);
    expect(rejected.map((r) => r.name)).toEqual(['bad.m', 'nul.m', 'garbage.m']);
    expect(rejected[0]?.message).toBe('spec.bad: must not be set');
  });

  it('refuses a resource of the wrong scope', () => {
    const send = [{ name: 'x', mesh: 'm', labels: fromGlobal, spec: {} }];
    expect(plan({ scope: atZone, kind: 'Mesh', send }).rejected).toHaveLength(1);
  });
});

describe('a global that receives', () => {
  const dataplane = (zone: string): WireResource => ({
    name: 'd',
    mesh: 'm',
    labels: { 'kuma.io/zone': zone, 'kuma.io/origin': 'global' },
    spec: { networking: { address: '10.0.0.1', inbound: [{ port: 80, tags: { 'kuma.io/service': 's', 'kuma.io/zone': zone } }] } },
  });

  it('takes the zone from the stream: labels, tags and owner', () => {
    const { mutations, pinned } = plan({ scope: atGlobal, kind: 'Dataplane', send: [dataplane('other')] });
    expect(pinned).toBe(1);
    expect(mutations).toMatchObject([
      {
        draft: {
          labels: { 'kuma.io/zone': 'zone-1', 'kuma.io/origin': 'zone' },
          spec: { networking: { inbound: [{ tags: { 'kuma.io/zone': 'zone-1' } }] } },
          owner: { kind: 'Zone', mesh: '', name: 'zone-1' },
        },
      },
    ]);
    expect(plan({ scope: atGlobal, kind: 'Dataplane', send: [dataplane('zone-1')] }).pinned).toBe(0);
  });

  it('lets no zone touch what belongs to another one or to the global', () => {
    const stored = [held('Dataplane', 'd', { mesh: 'm', labels: { 'kuma.io/zone': 'zone-2' } })];
    const { mutations, rejected } = plan({ scope: atGlobal, kind: 'Dataplane', send: [dataplane('zone-1')], stored });
    expect([mutations, rejected.length]).toEqual([[], 1]);
    expect(plan({ scope: atGlobal, kind: 'Dataplane', remove: ['d.m'], stored }).mutations).toEqual([]);
  });

  it('names objects of zones without hashes after their zone', () => {
    const scope: InboundScope = { at: 'global', zone: 'zone-1', hashed: false };
    expect(plan({ scope, kind: 'Dataplane', send: [dataplane('zone-1')] }).mutations).toMatchObject([{ draft: { name: 'zone-1.d' } }]);
    const stored = [held('Dataplane', 'zone-1.d', { mesh: 'm' })];
    expect(plan({ scope, kind: 'Dataplane', remove: ['d.m'], stored }).mutations).toMatchObject([
      { op: 'delete', key: { name: 'zone-1.d' } },
    ]);
  });

  it('pins the zone of an ingress and of the services it offers', () => {
    const spec = {
      zone: 'x',
      networking: { address: '10.0.0.1', port: 10001 },
      availableServices: [{ mesh: 'm', instances: 1, tags: { 'kuma.io/service': 's', 'kuma.io/zone': 'x' } }],
    };
    const { mutations, pinned } = plan({ scope: atGlobal, kind: 'ZoneIngress', send: [{ name: 'i', mesh: '', labels: {}, spec }] });
    expect(pinned).toBe(2);
    expect(mutations).toMatchObject([{ draft: { spec: { zone: 'zone-1', availableServices: [{ tags: { 'kuma.io/zone': 'zone-1' } }] } } }]);
  });
});
