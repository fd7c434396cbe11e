import { AUDIT_OUTCOMES, type AuditOutcome, type AuditQuery, isStorableText, parseDuration } from '@mesh/core';
import type { ApiContext } from '../context.js';
import { json } from '../http/answer.js';
import { ApiError } from '../http/errors.js';
import { type ApiRequest, handler, type Route } from '../http/route.js';
import { readPage } from '../resources/list-query.js';
import { AUDIT_DOC } from './docs.js';

const TITLE = 'Could not read the audit';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

/** `GET /audit`: who asked for what, for those who may read secrets. */
export function auditRoutes({ controlPlane, access, clock }: ApiContext): Route[] {
  const GET = handler(TITLE, async (request) => {
    access.require('adminResources', request.identity, 'the audit');
    const query = readQuery(request, clock.now());
    const found = await controlPlane.readAudit({ ...query, limit: query.limit + 1 });
    const items = found.slice(0, query.limit);
    const last = items.at(-1);
    return json({ items, next: last && found.length > items.length ? nextUrl(request, last.id) : null });
  });
  return [{ template: '/audit', produces: ['application/json'], methods: { GET }, docs: { GET: AUDIT_DOC } }];
}

function readQuery({ query }: ApiRequest, nowMs: number): AuditQuery {
  const text = (field: string) => readText(field, query);
  const outcome = text('outcome');
  if (outcome !== undefined && !AUDIT_OUTCOMES.includes(outcome as AuditOutcome))
    throw invalid('outcome', `must be one of ${AUDIT_OUTCOMES.join(', ')}`);
  const before = text('before');
  if (before !== undefined && (!/^\d{1,16}$/.test(before) || !Number.isSafeInteger(Number(before))))
    throw invalid('before', 'must be the id of a record');
  const given = {
    who: text('who'),
    kind: text('kind'),
    mesh: text('mesh'),
    name: text('name'),
    outcome: outcome as AuditOutcome | undefined,
    since: readTime('since', text('since'), nowMs),
    until: readTime('until', text('until'), nowMs),
    before: before === undefined ? undefined : Number(before),
  };
  return { limit: readPage(query).size, ...withoutGaps(given) };
}

function readText(field: string, query: URLSearchParams): string | undefined {
  const value = query.get(field);
  if (value === null || value === '') return undefined;
  if (!isStorableText(value)) throw invalid(field, 'must not contain NUL');
  return value;
}

/** RFC 3339; nothing was recorded before 1970. */
function readTime(field: string, text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined;
  const agoMs = parseDuration(text);
  const atMs = TIME.test(text) ? Date.parse(text) : agoMs === undefined ? Number.NaN : nowMs - agoMs;
  if (Number.isNaN(atMs)) throw invalid(field, 'must be a time such as "2026-11-21T08:00:00Z" or a duration such as "1h"');
  return new Date(Math.min(Math.max(0, atMs), nowMs + YEAR_MS)).toISOString();
}

const YEAR_MS = 365 * 24 * 3_600_000;

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function withoutGaps<T extends object>(given: T): Given<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given<T>;
}

function nextUrl(request: ApiRequest, before: number): string {
  const query = new URLSearchParams(request.query);
  query.set('before', String(before));
  query.sort();
  return `${request.baseUrl}${request.path}?${query.toString()}`;
}

function invalid(field: string, message: string): ApiError {
  return new ApiError({ status: 400, title: TITLE, detail: 'Query is not valid', violations: [{ field, message }] });
}
