import { expect, it } from 'vitest';
import type { ApiRequest } from '../http/route.js';
import { PrintedPages } from './printed-pages.js';

const requestFor = (query: string) =>
  ({ query: new URLSearchParams(query), baseUrl: 'http://localhost', path: '/meshes' }) as unknown as ApiRequest;

it('a page is made once per list and query', () => {
  const pages = new PrintedPages();
  let made = 0;
  const ask = (list: readonly unknown[], query: string) =>
    String(pages.answer(requestFor(query), list, () => ({ status: 200, body: `${++made}` })).body);
  const list = [1];
  expect([ask(list, ''), ask(list, ''), ask(list, 'size=1'), ask([1], ''), ask(list, 'size=1')]).toEqual(['1', '1', '2', '3', '2']);
});

it('the number of pages kept is bounded', () => {
  const pages = new PrintedPages();
  const list: unknown[] = [];
  let made = 0;
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 20; i++) pages.answer(requestFor(`offset=${i}`), list, () => ({ status: 200, body: `${++made}` }));
  expect(made).toBe(20 + 12);
});
