import { type Convergence, parseDuration } from '@mesh/core';
import type { ApiContext } from '../context.js';
import { json } from '../http/answer.js';
import { ApiError } from '../http/errors.js';
import { type ApiRequest, handler, type Route } from '../http/route.js';
import { CONVERGENCE_DOC } from './docs.js';

const TITLE = 'Could not tell how far the revision has come';
/** A request waits no longer than this, below the write timeout of the server; clients ask again. */
const WAIT_MS_MAX = 20_000;

/** `GET /convergence?revision=N[&timeout=10s]`: which zones and which proxies have a revision (ADR revisions-and-waiting). */
export function convergenceRoutes({ controlPlane }: ApiContext): Route[] {
  const GET = handler(TITLE, async (request) => {
    const revision = readRevision(request);
    const waitMs = Math.min(readTimeout(request), WAIT_MS_MAX);
    return json(toDocument(await controlPlane.convergence({ revision, waitMs })));
  });
  return [{ template: '/convergence', produces: ['application/json'], methods: { GET }, docs: { GET: CONVERGENCE_DOC } }];
}

function readRevision({ query }: ApiRequest): number {
  const text = query.get('revision') ?? '';
  const revision = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(revision))
    throw invalid('revision', 'must be the number of a revision, as the header Kuma-Revision carries it');
  return revision;
}

function readTimeout({ query }: ApiRequest): number {
  const ms = parseDuration(query.get('timeout') ?? '0');
  if (ms === undefined || ms < 0) throw invalid('timeout', 'must be a duration like "10s"');
  return Math.round(ms);
}

function invalid(field: string, message: string): ApiError {
  return new ApiError({ status: 400, title: TITLE, detail: 'Query is not valid', violations: [{ field, message }] });
}

/** Field by field, so that what services tell each other does not go out by accident. */
function toDocument({ revision, current, state, zones, proxies }: Convergence): object {
  return { revision, current, state, ...(zones ? { zones } : {}), ...(proxies ? { proxies } : {}) };
}
