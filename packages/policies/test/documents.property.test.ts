import { DescriptorRegistry, type JsonObject, MeshError } from '@mesh/core';
import { coreKinds, parseDocument, toDocument } from '@mesh/resources';
import { resource } from '@mesh/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allPolicyKinds } from '../src/kinds.js';
import { specsOf } from './specs-of.js';

const registry = new DescriptorRegistry([...coreKinds, ...allPolicyKinds]);

describe.each(allPolicyKinds.map((descriptor) => ({ kind: descriptor.kind, descriptor })))('a document of kind $kind', ({ descriptor }) => {
  const head = { type: descriptor.kind, mesh: 'default', name: 'n' };
  const isPlugin = descriptor.shape === 'plugin';
  const documentOf = (spec: unknown): JsonObject => JSON.parse(JSON.stringify({ ...(isPlugin ? { spec } : (spec as object)), ...head }));

  it('reads back what was printed, byte for byte', () => {
    fc.assert(
      fc.property(specsOf(descriptor.schema), (spec) => {
        const first = parseDocument(registry, documentOf(spec), { skipValidation: true });
        const print = (stored: unknown) =>
          JSON.stringify(
            toDocument(
              descriptor,
              resource(descriptor.kind, 'n')
                .withSpec(stored as JsonObject)
                .build(),
            ),
          );
        const printed = print(first.draft.spec);
        const second = parseDocument(registry, JSON.parse(printed), { skipValidation: true });
        expect(print(second.draft.spec)).toBe(printed);
        expect(second.draft.spec).toEqual(first.draft.spec);
      }),
      { numRuns: 50 },
    );
  });

  it('is refused with a MeshError, or read, whatever its fields hold', () => {
    const spec = fc.oneof(fc.jsonValue({ maxDepth: 4 }), specsOf(descriptor.schema));
    fc.assert(
      fc.property(
        spec,
        fc.dictionary(fc.constantFrom('labels', 'sources', 'destinations', 'selectors', 'conf', 'tags'), fc.jsonValue()),
        (given, fields) => {
          try {
            parseDocument(registry, documentOf(typeof given === 'object' && given !== null ? { ...given, ...fields } : given));
          } catch (error) {
            if (!MeshError.is(error)) throw error;
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
