import { expect, it } from 'vitest';
import type { ApiRequest } from '../http/route.js';
import { PrintedPages } from './printed-pages.js';

const requestFor = (query: string) =>
  ({ query: new URLSearchParams(query), baseUrl: 'http://localhost', path: '/meshes' }) as unknown as ApiRequest;

it('a page is made once per list and query', async () => {
  const pages = new PrintedPages();
  let made = 0;
  const ask = async (list: readonly unknown[], query: string) =>
    String((await pages.answer(requestFor(query), list, () => ({ status: 200, body: `${++made}` }))).body);
  const list = [1];
  const asked = [await ask(list, ''), await ask(list, ''), await ask(list, 'size=1'), await ask([1], ''), await ask(list, 'size=1')];
  expect(asked).toEqual(['1', '1', '2', '3', '2']);
});

it('the number of pages kept is bounded', async () => {
  const pages = new PrintedPages();
  const list: unknown[] = [];
  let made = 0;
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 20; i++) await pages.answer(requestFor(`offset=${i}`), list, () => ({ status: 200, body: `${++made}` }));
  expect(made).toBe(20 + 12);
});
