import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyJson, findUnstorableText, jsonEqual } from './json.js';

function reversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, reversedKeys(child)]),
  );
}

describe('jsonEqual', () => {
  it('does not care for the order of keys', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => jsonEqual(value, reversedKeys(value))));
  });

  it('agrees with a copy that went through text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => jsonEqual(copyJson(value), JSON.parse(JSON.stringify(value)))),
    );
  });

  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [
      [1, 2],
      [2, 1],
    ],
    [[], {}],
    [null, {}],
    [undefined, null],
    ['1', 1],
  ])('tells %j from %j', (a, b) => {
    expect([jsonEqual(a, b), jsonEqual(b, a)]).toEqual([false, false]);
  });

  it('takes a key without a value for a missing key', () => {
    expect(jsonEqual({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  });
});

describe('findUnstorableText', () => {
  it('names the place of NUL and of half a surrogate pair', () => {
    expect(findUnstorableText({ a: [{ b: 'x\u0000' }] })).toBe('a[0].b');
    expect(findUnstorableText({ '\ud800': 1 })).toBe('\ud800');
    expect(findUnstorableText({ a: 'grüße 🎈' })).toBeUndefined();
  });
});
