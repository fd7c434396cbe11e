import { DescriptorRegistry, MeshError } from '@mesh/core';
import { coreKinds, parseDocument, toDocument } from '@mesh/resources';
import { type DocumentCodec, documentWith, expectRoundTrip, valuesOf } from '@mesh/testing';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { allPolicyKinds } from '../src/kinds.js';

const registry = new DescriptorRegistry([...coreKinds, ...allPolicyKinds]);

const codec: DocumentCodec = {
  read: (document) => parseDocument(registry, document, { skipValidation: true }).draft.spec,
  print: toDocument,
};

describe.each(allPolicyKinds.map((descriptor) => ({ kind: descriptor.kind, descriptor })))('a document of kind $kind', ({ descriptor }) => {
  it('reads back what was printed, byte for byte', () => expectRoundTrip(descriptor, codec));

  it('is refused with a MeshError, or read, whatever its fields hold', () => {
    const spec = fc.oneof(fc.jsonValue({ maxDepth: 4 }), valuesOf(descriptor.schema));
    fc.assert(
      fc.property(
        spec,
        fc.dictionary(fc.constantFrom('labels', 'sources', 'destinations', 'selectors', 'conf', 'tags'), fc.jsonValue()),
        (given, fields) => {
          try {
            parseDocument(
              registry,
              documentWith(descriptor, typeof given === 'object' && given !== null ? { ...given, ...fields } : given),
            );
          } catch (error) {
            if (!MeshError.is(error)) throw error;
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
