import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from './envelope.js';

test('any bytes are read as an envelope of this build or as nothing, and never throw', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((all) => Buffer.from(all)),
    fc.json().map((json) => Buffer.from(`${json}\n`)),
    fc
      .record({
        is: fc.constantFrom('here', 'bye', 'ask', 'over', 'tell', 'end', 'x'),
        from: fc.anything(),
        id: fc.anything(),
        facts: fc.anything(),
        error: fc.anything(),
      })
      .map((value) => Buffer.from(`${JSON.stringify(value)}\n`)),
  );
  fc.assert(
    fc.property(bytes, (message) => {
      const read = decode(message);
      if (read) expect(typeof read.envelope.from).toBe('string');
    }),
  );
});

test('what is written is read as it was', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.uint8Array(), (from, id, body) => {
      expect(decode(encode({ is: 'tell', from, id }, body))).toEqual({ envelope: { is: 'tell', from, id }, body: Buffer.from(body) });
    }),
  );
});
