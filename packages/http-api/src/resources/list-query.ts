import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Resource, type Violation } from '@mesh/core';
import type { Answer } from '../http/answer.js';
import { ApiError } from '../http/errors.js';
import type { ApiRequest } from '../http/route.js';

const PAGE_SIZE_DEFAULT = 100;
const PAGE_SIZE_MAX = 1000;
export const LIST_TITLE = 'Could not retrieve resources';

/** One page of a list: where it starts and how long it is. */
export interface Page {
  readonly size: number;
  readonly offset: number;
}

/** Reads `size` and `offset` (contract/rest-api.md §2.2). */
export function readPage(query: URLSearchParams): Page {
  return { size: readSize(query.get('size') ?? ''), offset: readOffset(query.get('offset') ?? '') };
}

function readSize(text: string): number {
  if (text === '') return PAGE_SIZE_DEFAULT;
  if (!/^[+-]?\d{1,18}$/.test(text)) throw badPageSize('invalid format');
  const size = Number(text);
  if (size < 1) throw badPageSize('must be greater than 0');
  if (size > PAGE_SIZE_MAX) throw badPageSize(`invalid page size of ${size}. Maximum page size is ${PAGE_SIZE_MAX}`);
  return size;
}

function badPageSize(message: string): ApiError {
  return new ApiError({ status: 400, title: LIST_TITLE, detail: 'Invalid page size', violations: [{ field: 'size', message }] });
}

function readOffset(text: string): number {
  if (text === '') return 0;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw badOffset(`must be a number, got ${JSON.stringify(text.slice(0, 50))}`);
  const offset = Number(text);
  if (offset < 0) throw badOffset('must be non-negative');
  return offset;
}

function badOffset(reason: string): ApiError {
  return new ApiError({ status: 400, title: LIST_TITLE, detail: `invalid: invalid offset: ${reason}` });
}

/** A query that cannot be: 400 with the parameter named by the template of the route. */
export function badQuery(violation: Violation): ApiError {
  return new ApiError({ status: 400, title: LIST_TITLE, detail: 'Resource is not valid', violations: [violation] });
}

/** Decides whether a resource is in a list. */
export type ResourceFilter = (resource: Resource) => boolean;

/** Reads `name` (substring) and `filter[labels.KEY]=VALUE` (all must match; the last value of a key counts). Undefined: all pass. */
export function readCommonFilter(request: ApiRequest): ResourceFilter | undefined {
  const name = request.query.get('name') ?? '';
  const labels = readLabelFilter(request);
  if (name === '' && labels.size === 0) return undefined;
  return (resource) => {
    if (!resource.meta.name.includes(name)) return false;
    for (const [key, value] of labels) if (resource.meta.labels[key] !== value) return false;
    return true;
  };
}

function readLabelFilter(request: ApiRequest): Map<string, string> {
  const labels = new Map<string, string>();
  for (const [parameter, value] of request.query) {
    const filter = /^filter\[(.*)\]$/.exec(parameter)?.[1];
    if (filter === undefined) continue;
    const key = /^labels\.(.*)$/.exec(filter)?.[1];
    if (key === undefined) {
      throw badQuery({ field: `${request.template}.${parameter}`, message: 'filters are only supported on labels' });
    }
    labels.set(key, value);
  }
  return labels;
}

/** The body of a list: total, the items of the page, and the URL of the next page or null. */
export function listBody<T>(request: ApiRequest, all: readonly T[], print: (item: T) => unknown): object {
  const { items, next } = pageOf(request, all);
  return { total: all.length, items: items.map(print), next };
}

/** How long a page is printed before other requests get a turn, in milliseconds. */
const SLICE_MS = 5;

/** The same, of items that are printed one by one; see PrintedItems. A big page lets other requests through meanwhile. */
export async function listAnswer<T>(request: ApiRequest, all: readonly T[], textOf: (item: T) => string): Promise<Answer> {
  const { items, next } = pageOf(request, all);
  const texts: string[] = [];
  let sliceEndMs = performance.now() + SLICE_MS;
  for (const item of items) {
    texts.push(textOf(item));
    if (performance.now() < sliceEndMs) continue;
    await nextTurn();
    sliceEndMs = performance.now() + SLICE_MS;
  }
  const list = texts.length === 0 ? '[]' : `[\n  ${texts.join(',\n  ')}\n ]`;
  const body = `{\n "total": ${all.length},\n "items": ${list},\n "next": ${JSON.stringify(next)}\n}\n`;
  return { status: 200, contentType: 'application/json', body };
}

function pageOf<T>(request: ApiRequest, all: readonly T[]): { items: readonly T[]; next: string | null } {
  const page = readPage(request.query);
  const end = page.offset + page.size;
  return { items: all.slice(page.offset, end), next: end < all.length ? nextUrl(request, { ...page, offset: end }) : null };
}

function nextUrl(request: ApiRequest, page: Page): string {
  const query = new URLSearchParams(request.query);
  query.set('offset', String(page.offset));
  query.sort();
  return `${request.baseUrl}${request.path}?${query.toString()}`;
}
