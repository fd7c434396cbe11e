import { DescriptorRegistry, type JsonObject, MeshError } from '@mesh/core';
import { type DocumentCodec, expectRoundTrip } from '@mesh/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coreKinds, parseDocument, toDocument } from '../src/index.js';

const registry = new DescriptorRegistry(coreKinds);

const codec: DocumentCodec = {
  read: (document) => parseDocument(registry, document, { skipValidation: true }).draft.spec,
  print: toDocument,
};

describe.each(coreKinds.map((descriptor) => ({ kind: descriptor.kind, descriptor })))('a document of kind $kind', ({ descriptor }) => {
  const mesh = descriptor.scope === 'Mesh' ? 'default' : '';
  const head = { type: descriptor.kind, name: 'n', ...(mesh ? { mesh } : {}) };
  const isPlugin = descriptor.shape === 'plugin';

  it('reads back what was printed, byte for byte', () => expectRoundTrip(descriptor, codec));

  it('is refused with a MeshError, or read, whatever its fields hold', () => {
    const fields = Object.keys(shapeOf(descriptor.schema));
    const anything = fc.dictionary(fc.constantFrom('labels', 'spec', ...fields), fc.jsonValue({ maxDepth: 4 }));
    const body = isPlugin ? anything.map((spec) => ({ spec })) : anything;
    fc.assert(
      fc.property(body, (values) => {
        onlyMeshErrors(() => parseDocument(registry, { ...values, ...head }));
      }),
      { numRuns: 100 },
    );
  });
});

describe('any JSON', () => {
  it('is refused with a MeshError, or read', () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => onlyMeshErrors(() => parseDocument(registry, json))));
  });

  it('is refused where it is nested to exhaust the stack', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`) as JsonObject;
    expect(() => parseDocument(registry, { type: 'Mesh', name: 'n', metrics: deep })).toThrow(MeshError);
    expect(() =>
      parseDocument(registry, {
        type: 'DataplaneInsight',
        mesh: 'm',
        name: 'n',
        metadata: JSON.parse(`${'['.repeat(150)}${']'.repeat(150)}`),
      }),
    ).toThrow(MeshError);
  });

  it('cannot set a prototype', () => {
    const evil = JSON.parse(
      '{"type":"Dataplane","mesh":"m","name":"n","networking":{"inbound":[{"port":1,"tags":{"__proto__":"x"}}]}}',
    ) as JsonObject;
    expect(() => parseDocument(registry, evil)).toThrow(/"__proto__\\" is not allowed/);
  });
});

describe('the old forms of a Dataplane', () => {
  const address = fc.oneof(fc.ipV4(), fc.constantFrom('', '[::1]', 'bad:', '[', '1.1.1.1:2'));
  const port = fc.oneof(fc.nat(70_000).map(String), fc.constantFrom('', 'x', '-1', '99999999'));
  const at = fc.tuple(address, port, port).map((parts) => parts.join(':'));
  const entry = fc.dictionary(
    fc.constantFrom('interface', 'service', 'port', 'tags', 'address'),
    fc.oneof(at, fc.jsonValue({ maxDepth: 2 }), fc.constant({ service: 'a', protocol: 'http' })),
  );
  const networking = fc.record({
    inbound: fc.oneof(fc.array(entry), fc.jsonValue()),
    outbound: fc.oneof(fc.array(entry), fc.jsonValue()),
    ingress: fc.option(fc.jsonValue()),
    gateway: fc.option(entry),
  });

  it('are rewritten, or refused with a MeshError, whatever is in them', () => {
    fc.assert(
      fc.property(networking, (parts) => {
        onlyMeshErrors(() =>
          parseDocument(registry, { type: 'Dataplane', mesh: 'default', name: 'n', networking: JSON.parse(JSON.stringify(parts)) }),
        );
      }),
    );
  });

  it('are rewritten once: what comes out is not old', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 65535 }), (ip, number) => {
        const document = {
          type: 'Dataplane',
          mesh: 'default',
          name: 'n',
          networking: { inbound: [{ interface: `${ip}:${number}:80`, tags: { service: 'a' } }] },
        };
        const dataplane = registry.mustGet('Dataplane');
        const once = dataplane.normalize?.(document);
        expect(once?.warnings.length).toBe(2);
        expect(dataplane.normalize?.(once?.document ?? {}).warnings).toEqual([]);
      }),
    );
  });
});

function onlyMeshErrors(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!MeshError.is(error)) throw error;
  }
}

function shapeOf(schema: unknown): Record<string, unknown> {
  const def = (schema as { _zod: { def: { out?: typeof schema; shape?: Record<string, unknown> } } })._zod.def;
  return def.out ? shapeOf(def.out) : (def.shape ?? {});
}
