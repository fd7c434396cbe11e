import type { AnyDescriptor, JsonObject, Resource } from '@mesh/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import { resource } from '../builders/index.js';
import { valuesOf } from './values-of.js';

/** How documents of a kind are read and printed: what is tested. */
export interface DocumentCodec {
  /** The spec that a document is read into. */
  readonly read: (document: JsonObject) => unknown;
  readonly print: (descriptor: AnyDescriptor, stored: Resource) => JsonObject;
}

const RUNS = 50;

/** A document of a kind with any spec, as a user would send it. */
export function documentWith(descriptor: AnyDescriptor, spec: unknown): JsonObject {
  const { kind, scope, shape } = descriptor;
  const head = { type: kind, name: 'n', ...(scope === 'Mesh' ? { mesh: 'default' } : {}) };
  return JSON.parse(JSON.stringify({ ...(shape === 'plugin' ? { spec } : (spec as object)), ...head }));
}

/** Throws unless whatever spec the schema of a kind takes is printed as it was read, and read as it was printed, byte for byte. */
export function expectRoundTrip(descriptor: AnyDescriptor, { read, print }: DocumentCodec): void {
  const mesh = descriptor.scope === 'Mesh' ? 'default' : '';
  const printed = (spec: unknown): string =>
    JSON.stringify(
      print(
        descriptor,
        resource(descriptor.kind, 'n', mesh)
          .withSpec(spec as JsonObject)
          .build(),
      ),
    );
  fc.assert(
    fc.property(valuesOf(descriptor.schema), (spec) => {
      const first = read(documentWith(descriptor, spec));
      const text = printed(first);
      const second = read(JSON.parse(text));
      expect(printed(second)).toBe(text);
      expect(second).toEqual(first);
    }),
    { numRuns: RUNS },
  );
}
