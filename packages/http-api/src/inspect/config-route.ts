import type { JsonObject } from '@mesh/core';
import { MeshError } from '@mesh/core';
import { type ApiContext, requireMesh } from '../context.js';
import { type Answer, json } from '../http/answer.js';
import { ApiError, notFound } from '../http/errors.js';
import { type ApiRequest, handler, param, type Route } from '../http/route.js';
import { resourcesOfDump } from './config-dump.js';
import { INSPECT_DOCS } from './docs.js';

const TITLE = 'Could not retrieve the configuration';
const NO_INSIGHT = 'Failed to fetch dataplane insight';

/**
 * `…/dataplanes/{name}/_config`: the resources a proxy has from its control plane, by type and name
 * (contract/rest-api.md §3). They are read from the proxy, so they are those it has taken.
 */
export function configRoute(context: ApiContext): Route {
  return {
    template: '/meshes/{mesh}/dataplanes/{name}/_config',
    produces: ['application/json'],
    docs: { GET: INSPECT_DOCS.config },
    methods: { GET: handler(TITLE, (request) => answer(context, request)) },
  };
}

async function answer(context: ApiContext, request: ApiRequest): Promise<Answer> {
  const { controlPlane, access } = context;
  const mesh = param(request, 'mesh');
  const name = param(request, 'name');
  requireMesh(context, mesh);
  checkQuery(request.query);
  if ((await context.info()).mode === 'global') throw onGlobal();
  access.require('viewConfigDump', request.identity, 'config dump');
  if (!controlPlane.view.find('DataplaneInsight', mesh, name)) throw notFound(NO_INSIGHT);
  const dump = await controlPlane.proxyAdmin({ kind: 'Dataplane', mesh, name, what: 'xds', format: 'json', includeEds: true });
  return json({ xds: resourcesOfDump(JSON.parse(Buffer.from(dump).toString()) as JsonObject) });
}

function checkQuery(query: URLSearchParams): void {
  const shadow = query.get('shadow');
  if (shadow !== null && shadow !== 'true' && shadow !== 'false') throw badQuery("unsupported value for query parameter 'shadow'");
  const include = (query.get('include') ?? '').split(',').filter((each) => each !== '');
  if (include.some((each) => each !== 'diff')) throw badQuery("unsupported value for query parameter 'include'");
  // A proxy never has what shadow policies would give it.
  if (shadow === 'true' || include.length > 0) throw badQuery('shadow policies are not shown: only what the proxy has');
}

function badQuery(text: string): MeshError {
  return new MeshError('bad_request', { public: `bad request: ${text}` });
}

function onGlobal(): ApiError {
  return new ApiError({
    status: 405,
    title: 'Method not allowed',
    detail: 'the configuration of proxies is made in their zones: ask the zone control plane',
  });
}
