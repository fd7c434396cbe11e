import fc from 'fast-check';
import pg from 'pg';
import { expect, it } from 'vitest';
import { literal } from './literal.js';

it('makes of any text the literal that the driver makes of it', () => {
  const tricky = fc.string({ unit: fc.constantFrom("'", '\\', '"', 'E', ' ', ';', '-', '\n', 'é', '😀') });
  fc.assert(
    fc.property(fc.oneof(tricky, fc.json(), fc.string({ unit: 'binary' })), (text) => {
      expect(literal(text)).toBe(pg.escapeLiteral(text));
    }),
    { numRuns: 500 },
  );
});
