import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineCounter, parseAllDocuments } from 'yaml';
import { locate, stepsOf } from './locate.js';

function placeOf(text: string, field: string): string {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  if (!Array.isArray(documents) || !documents[0]) throw new Error('no document');
  const { line, col } = locate(documents[0], lines, field);
  return `${line}:${col}`;
}

const TEXT = `type: Dataplane
networking:
  inbound:
  - port: 80
    tags:
      kuma.io/service: a
  - port: x
`;

describe('the place of a field', () => {
  it.each([
    ['networking.inbound[1].port', '7:5'],
    ['networking.inbound[0].tags["kuma.io/service"]', '6:7'],
    ['networking.inbound[0].address', '4:5'],
    ['networking', '2:1'],
    ['mesh', '1:1'],
    ['', '1:1'],
  ])('%s is at %s: at its key, or at the innermost part that is there', (field, place) => {
    expect(placeOf(TEXT, field)).toBe(place);
  });

  it('is found for any path without failing', () => {
    fc.assert(
      fc.property(fc.string(), (field) => {
        expect(stepsOf(field).length).toBeLessThanOrEqual(field.length);
        expect(placeOf(TEXT, field)).toMatch(/^\d+:\d+$/);
      }),
    );
  });
});
