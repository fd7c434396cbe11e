import { DescriptorRegistry, type JsonObject, ResourceView } from '@mesh/core';
import { MemoryResourceStore } from '@mesh/store-memory';
import { mesh } from '@mesh/testing';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coreKinds, parseDocument, ResourceManager, toDocument } from '../src/index.js';

const registry = new DescriptorRegistry(coreKinds);
const port = fc.integer({ min: 1, max: 65535 });
const name = fc.stringMatching(/^[a-z]([a-z0-9]{0,8})$/);
const tags = fc.record(
  { 'kuma.io/service': name, 'kuma.io/protocol': fc.constantFrom('http', 'tcp', 'grpc') },
  { requiredKeys: ['kuma.io/service'] },
);
const optional = <T extends Record<string, Arbitrary<unknown>>>(model: T, required: (keyof T & string)[]) =>
  fc.record(model, { requiredKeys: required });

const VALID: Readonly<Record<string, Arbitrary<unknown>>> = {
  Dataplane: fc.record({
    networking: optional(
      {
        address: fc.ipV4().filter((ip) => ip !== '0.0.0.0'),
        inbound: fc.array(
          optional({ port, servicePort: port, address: fc.ipV4(), tags, name, state: fc.constantFrom('Ready', 'NotReady') }, [
            'port',
            'tags',
          ]),
        ),
        outbound: fc.array(optional({ port, address: fc.ipV4(), tags }, ['port', 'tags'])),
      },
      ['address'],
    ),
  }),
  Mesh: optional(
    {
      routing: fc.record({ localityAwareLoadBalancing: fc.boolean() }),
      networking: fc.record({ outbound: fc.record({ passthrough: fc.boolean() }) }),
      metrics: fc.record({
        backends: fc.tuple(
          optional({ name, type: fc.constant('prometheus'), conf: optional({ port, skipMTLS: fc.boolean() }, []) }, ['name', 'type']),
        ),
      }),
    },
    [],
  ),
  ZoneIngress: fc.record({
    networking: optional({ port, address: name, admin: fc.record({ port }) }, ['port']),
    availableServices: fc.array(optional({ tags, instances: fc.nat(9), mesh: name }, ['tags'])),
  }),
  ZoneEgress: fc.record({ networking: optional({ port, address: name }, ['port']) }),
  ExternalService: fc.record({ networking: fc.record({ address: fc.tuple(fc.ipV4(), port).map((parts) => parts.join(':')) }), tags }),
  Secret: fc.record({ data: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')) }),
  GlobalSecret: fc.record({ data: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')) }),
  Zone: optional({ enabled: fc.boolean() }, []),
};

describe.each(Object.entries(VALID))('a valid %s', (kind, specs) => {
  const descriptor = registry.mustGet(kind);

  it('passes all rules again as it is printed from the store, so that reading and writing it back changes nothing', async () => {
    const store = new MemoryResourceStore();
    const view = new ResourceView();
    await store.follow(view.apply);
    await store.transact([{ op: 'create', draft: mesh().draft() }], { author: { name: 'test' } });
    const facts = { mode: 'zone', zone: 'zone-1', federated: false, environment: 'universal' } as const;
    const manager = new ResourceManager({ store, view, registry, facts });
    const put = (document: JsonObject) => manager.put({ draft: parseDocument(registry, document).draft, author: { name: 'test' } });
    await fc.assert(
      fc.asyncProperty(specs, async (spec) => {
        const head = { type: kind, name: 'n', ...(descriptor.scope === 'Mesh' ? { mesh: 'default' } : {}) };
        const { resource } = await put(JSON.parse(JSON.stringify({ ...head, ...(spec as object) })) as JsonObject);
        const again = await put(toDocument(descriptor, resource));
        expect(again.resource).toBe(resource);
      }),
      { numRuns: 50 },
    );
  });
});
