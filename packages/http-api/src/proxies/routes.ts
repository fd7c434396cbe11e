import { type AnyDescriptor, MeshError, type ProxyAdminRequest } from '@mesh/core';
import { type Right } from '../access/access.js';
import { type ApiContext, requireMesh } from '../context.js';
import type { Answer } from '../http/answer.js';
import { ApiError, notFound } from '../http/errors.js';
import { type ApiRequest, handler, param, type Route } from '../http/route.js';
import { BOOLEAN, type OperationDoc, STRING } from '../openapi/operation.js';

const TITLE = 'Could not execute admin operation';

type What = ProxyAdminRequest['what'];

const RIGHTS: Readonly<Record<What, { right: Right; name: string }>> = {
  xds: { right: 'viewConfigDump', name: 'config dump' },
  stats: { right: 'viewStats', name: 'stats' },
  clusters: { right: 'viewClusters', name: 'clusters' },
};

/** `{proxy}/{xds,stats,clusters}`: what the Envoy of a proxy says of itself (contract/rest-api.md §3). */
export function proxyAdminRoutes(context: ApiContext): Route[] {
  return context.registry.all
    .filter((descriptor) => descriptor.isProxy && descriptor.path !== undefined)
    .map((descriptor) => ({
      template: `${descriptor.scope === 'Mesh' ? '/meshes/{mesh}' : ''}/${descriptor.path}/{name}/{what}`,
      methods: { GET: handler(TITLE, (request) => answer(context, descriptor, request)) },
      docs: { GET: docOf(descriptor) },
    }));
}

function docOf({ kind, displayName }: AnyDescriptor): OperationDoc {
  const text = 'What the Envoy says; JSON for `xds` and with `format=json`.';
  return {
    id: `askEnvoyOf${kind}`,
    summary: `Ask the Envoy of a ${displayName.singular}: \`xds\`, \`stats\` or \`clusters\``,
    query: [
      { name: 'format', description: 'How stats and clusters are written.', schema: { enum: ['json', 'text'] } },
      { name: 'include_eds', description: 'With endpoints in the configuration.', schema: BOOLEAN },
      { name: 'usedonly', description: 'Only stats that were touched; on unless said.', schema: BOOLEAN },
    ],
    responses: { 200: { description: text, contentType: '*/*', schema: STRING } },
  };
}

async function answer(context: ApiContext, descriptor: AnyDescriptor, request: ApiRequest): Promise<Answer> {
  const mesh = request.params.mesh ?? '';
  const name = param(request, 'name');
  if (descriptor.scope === 'Mesh') requireMesh(context, mesh);
  const what = readWhat(param(request, 'what'));
  const { right, name: rightName } = RIGHTS[what];
  context.access.require(right, request.identity, rightName);
  if (!context.controlPlane.view.get({ kind: descriptor.kind, mesh, name })) {
    throw notFound(`Could not get ${descriptor.kind.toLowerCase()} resource`);
  }
  const format = request.query.get('format') === 'json' ? 'json' : 'text';
  const body = await ask(context, {
    kind: descriptor.kind as ProxyAdminRequest['kind'],
    mesh,
    name,
    what,
    format,
    includeEds: isTrue(request.query.get('include_eds'), false),
    usedOnly: isTrue(request.query.get('usedonly'), true),
  });
  return { status: 200, contentType: what === 'xds' || format === 'json' ? 'application/json' : 'text/plain', body };
}

/** A proxy that cannot be reached is no fault of the API: the reason is shown. */
async function ask(context: ApiContext, request: ProxyAdminRequest): Promise<Uint8Array> {
  try {
    return await context.controlPlane.proxyAdmin(request);
  } catch (error) {
    if (MeshError.is(error, 'unavailable')) throw new ApiError({ status: 503, title: TITLE, detail: error.public });
    throw error;
  }
}

function readWhat(text: string): What {
  if (text === 'xds' || text === 'stats' || text === 'clusters') return text;
  throw notFound(TITLE);
}

function isTrue(value: string | null, fallback: boolean): boolean {
  return value === null || value === '' ? fallback : value === 'true' || value === '1';
}
