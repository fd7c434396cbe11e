import type { Json, JsonObject } from '@mesh/core';
import { MeshError } from '@mesh/core';
import { createPatch, createTests } from 'rfc6902';
import { type ApiContext, requireMesh } from '../context.js';
import { type Answer, json } from '../http/answer.js';
import { ApiError, notFound } from '../http/errors.js';
import { type ApiRequest, handler, param, type Route } from '../http/route.js';
import { INSPECT_DOCS } from './docs.js';

const TITLE = 'Could not retrieve the configuration';
const NO_INSIGHT = 'Failed to fetch dataplane insight';

/**
 * `…/dataplanes/{name}/_config`: the resources the control plane makes for a proxy, by type and name, with
 * `shadow=true` as if shadow policies were in effect; `include=diff` adds what that changes, as JSON patch
 * (contract/rest-api.md §3). Below `meshgateways` it is the same: as in Kuma, the name is that of a Dataplane there too.
 */
export function configRoutes(context: ApiContext): Route[] {
  return (['dataplanes', 'meshgateways'] as const).map((collection) => ({
    template: `/meshes/{mesh}/${collection}/{name}/_config`,
    produces: ['application/json'],
    docs: { GET: INSPECT_DOCS.config(collection) },
    methods: { GET: handler(TITLE, (request) => answer(context, request)) },
  }));
}

async function answer(context: ApiContext, request: ApiRequest): Promise<Answer> {
  const { controlPlane, access } = context;
  const mesh = param(request, 'mesh');
  const name = param(request, 'name');
  requireMesh(context, mesh);
  const { shadow, diff } = readQuery(request.query);
  if ((await context.info()).mode === 'global') throw onGlobal();
  access.require('viewConfigDump', request.identity, 'config dump');
  if (!controlPlane.view.find('DataplaneInsight', mesh, name)) throw notFound(NO_INSIGHT);
  const made = async (generated: { readonly shadow: boolean }): Promise<Json> => {
    const body = await controlPlane.proxyAdmin({ kind: 'Dataplane', mesh, name, what: 'xds', format: 'json', generated });
    return JSON.parse(Buffer.from(body).toString()) as JsonObject;
  };
  const xds = await made({ shadow });
  if (!diff) return json({ xds });
  return json({ diff: shadow ? patch(await made({ shadow: false }), xds) : [], xds });
}

/** What leads from one to the other, after tests that it is applied to what it was made from. */
function patch(before: Json, after: Json): Json {
  const operations = createPatch(before, after);
  return [...createTests(before, operations), ...operations] as unknown as Json;
}

function readQuery(query: URLSearchParams): { readonly shadow: boolean; readonly diff: boolean } {
  const shadow = query.get('shadow');
  if (shadow !== null && shadow !== 'true' && shadow !== 'false') throw badQuery("unsupported value for query parameter 'shadow'");
  const include = (query.get('include') ?? '').split(',').filter((each) => each !== '');
  if (include.some((each) => each !== 'diff')) throw badQuery("unsupported value for query parameter 'include'");
  return { shadow: shadow === 'true', diff: include.length > 0 };
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
