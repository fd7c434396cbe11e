import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printJson } from '../http/json.js';
import type { ApiRequest } from '../http/route.js';
import { listAnswer, listBody } from './list-query.js';
import { PrintedItems } from './printed-items.js';

const request = { query: new URLSearchParams('size=3'), baseUrl: 'http://localhost', path: '/things' } as unknown as ApiRequest;

it('a list of printed items is the text that printing the whole gives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 }), async (items) => {
      const printed = new PrintedItems<object>((item) => item);
      expect((await listAnswer(request, items, printed.textOf)).body).toBe(printJson(listBody(request, items, (item) => item)));
    }),
  );
});

it('a page that takes long to print lets others have a turn', async () => {
  let turns = 0;
  let printing = true;
  setImmediate(function turn() {
    turns++;
    if (printing) setImmediate(turn);
  });
  const slowly = () => {
    for (const endMs = performance.now() + 6; performance.now() < endMs; );
    return '{}';
  };
  await listAnswer(request, [1, 2, 3], slowly);
  printing = false;
  expect(turns).toBeGreaterThanOrEqual(3);
});

it('an item is printed once, and again when its companion is another', () => {
  let prints = 0;
  let companion: object = {};
  const printed = new PrintedItems<object>(
    () => ({ prints: ++prints }),
    () => companion,
  );
  const item = {};
  expect([printed.textOf(item), printed.textOf(item)]).toEqual(['{\n   "prints": 1\n  }', '{\n   "prints": 1\n  }']);
  companion = {};
  expect(printed.textOf(item)).toContain('2');
});
