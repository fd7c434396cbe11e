import { type JsonObject, type Resource, ResourceView } from '@mesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRegistry } from '../registry.js';
import { computeMeshInsight } from './mesh-insight.js';
import { matters } from './relevance.js';
import { computeServiceInsight } from './service-insight.js';

const KEY = { kind: 'DataplaneInsight', mesh: 'default', name: 'a' };
const registry = buildRegistry();

function insight(subscription: object, more: object = {}): Resource {
  const meta = { name: 'a', mesh: 'default', labels: {}, creationTime: '', modificationTime: '', version: 1 };
  const connected = { id: 's', connectTime: '2026-01-01T00:00:00Z', version: { kumaDp: { version: '1' } } };
  return { kind: KEY.kind, meta, spec: { subscriptions: [{ ...connected, ...subscription }], ...more } as JsonObject };
}

const change = (before: Resource, after: Resource) => matters(registry, { op: 'put', key: KEY, before, after });

describe('insights of a mesh', () => {
  it('are not counted again when only counters of messages moved', () => {
    expect(change(insight({ status: { total: { responsesSent: '1' } } }), insight({ status: { total: { responsesSent: '2' } } }))).toBe(
      false,
    );
  });

  it.each([
    ['a proxy went offline', insight({ disconnectTime: '2026-01-01T00:00:01Z' })],
    ['a proxy came back in another version', insight({ version: { kumaDp: { version: '2' } } })],
    ['a proxy got a certificate of another authority', insight({}, { mTLS: { issuedBackend: 'ca-2' } })],
    ['a proxy supports another authority', insight({}, { mTLS: { supportedBackends: ['ca-2'] } })],
  ])('are counted again when %s', (_what, after) => {
    expect(change(insight({}), after)).toBe(true);
  });

  it('are counted again when a proxy or a policy comes or goes', () => {
    const after = insight({});
    expect(matters(registry, { op: 'put', key: KEY, after })).toBe(true);
    expect(matters(registry, { op: 'delete', key: KEY, before: after })).toBe(true);
    expect(matters(registry, { op: 'delete', key: { kind: 'MeshTimeout', mesh: 'default', name: 'x' } })).toBe(true);
  });

  it('come out the same after every change of a dataplane for which they are not counted again', () => {
    let spared = 0;
    fc.assert(
      fc.property(aChange, ({ one, other, part, mesh }) => {
        const [before, after] = [dataplaneWith(one), dataplaneWith(withPartOf(one, other, part))];
        if (matters(registry, { op: 'put', key: { kind: 'Dataplane', mesh: 'default', name: 'a' }, before, after })) return;
        spared++;
        expect(insightsWith(after, mesh)).toEqual(insightsWith(before, mesh));
      }),
      { numRuns: 1000 },
    );
    expect(spared).toBeGreaterThan(30);
  });
});

const someTags = fc.record(
  { 'kuma.io/service': fc.constantFrom('web', 'api'), 'kuma.io/zone': fc.constantFrom('z1', 'z2'), version: fc.constantFrom('1', '2') },
  { requiredKeys: ['kuma.io/service'] },
);
const anInbound = fc.record(
  {
    port: fc.constantFrom(80, 81),
    tags: someTags,
    state: fc.constantFrom('Ready', 'NotReady', 'Ignored'),
    health: fc.record({ ready: fc.boolean() }),
  },
  { requiredKeys: ['port', 'tags'] },
);
const INBOUND_PARTS = ['port', 'tags', 'state', 'health'] as const;
const aNetworking = fc.record(
  {
    address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
    inbound: fc.array(anInbound, { maxLength: 2 }),
    gateway: fc.record({ tags: someTags, type: fc.constantFrom('DELEGATED', 'BUILTIN') }, { requiredKeys: ['tags'] }),
  },
  { requiredKeys: ['address', 'inbound'] },
);
const aChange = fc.record({
  one: aNetworking,
  other: aNetworking,
  part: fc.constantFrom('address', 'gateway', ...INBOUND_PARTS),
  mesh: fc.constantFrom({}, { meshServices: { mode: 'Exclusive' } }),
});

interface Networking {
  readonly inbound: readonly object[];
}

/** The one with a part of the other, or of the inbounds of the other. */
function withPartOf(one: Networking, other: Networking, part: string): Networking {
  if (!INBOUND_PARTS.some((name) => name === part)) return { ...one, ...pick(other, part) };
  return { ...one, inbound: one.inbound.map((mine, i) => ({ ...mine, ...pick(other.inbound[i], part) })) };
}

function pick(from: object | undefined, part: string): object {
  return Object.fromEntries(Object.entries(from ?? {}).filter(([name]) => name === part));
}

function dataplaneWith(networking: Networking): Resource {
  const meta = { name: 'a', mesh: 'default', labels: {}, creationTime: '', modificationTime: '', version: 1 };
  return { kind: 'Dataplane', meta, spec: { networking } as unknown as JsonObject };
}

function insightsWith(dataplane: Resource, meshSpec: object): unknown {
  const mesh = { ...dataplane, kind: 'Mesh', meta: { ...dataplane.meta, name: 'default', mesh: '' }, spec: meshSpec as JsonObject };
  const view = new ResourceView();
  view.apply({ type: 'snapshot', snapshot: { revision: 1, resources: [mesh, dataplane, insight({})] } });
  const services = computeServiceInsight(view, 'default');
  return { services, counters: computeMeshInsight({ view, registry, mesh: 'default', services }) };
}
