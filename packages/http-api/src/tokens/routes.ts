import { MeshError, type TokenRequest } from '@mesh/core';
import type { ApiContext } from '../context.js';
import type { Answer } from '../http/answer.js';
import { ApiError } from '../http/errors.js';
import { parseJsonBody } from '../http/json-body.js';
import { type ApiRequest, type Handler, handler, type Route } from '../http/route.js';
import { type ReadToken, readDataplaneToken, readUserToken, readZoneToken } from './request.js';

const INVALID = 'Invalid request';
/** Kuma answers a body it cannot read with nothing at all (contract/rest-api.md §4). */
const UNREADABLE: Answer = { status: 400, body: '' };

/** `POST /tokens/{dataplane,zone,user}`: raw JWTs, signed by the control plane. */
export function tokenRoutes(context: ApiContext): Route[] {
  const routes: Route[] = [
    { template: '/tokens/dataplane', methods: { POST: dataplaneTokens(context) } },
    { template: '/tokens/zone', methods: { POST: zoneTokens(context) } },
  ];
  if (context.config.apiServer.authn.type === 'tokens') {
    routes.push({ template: '/tokens/user', absolute: true, methods: { POST: userTokens(context) } });
  }
  return routes;
}

function dataplaneTokens(context: ApiContext): Handler {
  return handler('Could not issue a token', (request) => {
    const read = readDataplaneToken(readJson(request));
    if (!read) return UNREADABLE;
    requireValid(read);
    context.access.require('generateDpToken', request.identity, 'generate dataplane token');
    requireIssuer(context.config.dpServer.authn.dpProxy.dpToken, 'dataplane');
    return issue(context, read.token);
  });
}

function zoneTokens(context: ApiContext): Handler {
  return handler('Could not issue a token', (request) => {
    const read = readZoneToken(readJson(request));
    if (!read) return UNREADABLE;
    context.access.require('generateZoneToken', request.identity, `generate zone token for zone '${read.token.zone.slice(0, 100)}'`);
    requireValid(read);
    requireIssuer(context.config.dpServer.authn.zoneProxy.zoneToken, 'zone');
    return issue(context, read.token);
  });
}

function userTokens(context: ApiContext): Handler {
  return handler('Could not issue a token', (request) => {
    if (!context.access.has('generateUserToken', request.identity)) throw new MeshError('forbidden', { public: 'action not allowed' });
    const read = readUserToken(readJson(request));
    if (!read) return UNREADABLE;
    requireValid(read);
    requireIssuer(context.config.apiServer.authn.tokens, 'user');
    return issue(context, read.token);
  });
}

function requireIssuer({ enableIssuer }: { readonly enableIssuer: boolean }, sort: string): void {
  if (!enableIssuer) throw new MeshError('bad_request', { public: `issuing of ${sort} tokens is disabled on this control plane` });
}

async function issue(context: ApiContext, request: TokenRequest): Promise<Answer> {
  const token = await context.controlPlane.issueToken(request);
  return { status: 200, contentType: 'text/plain', body: token, audit: auditOf(request, token) };
}

/** Who got a token, and the ID that revokes it. */
function auditOf(request: TokenRequest, token: string): NonNullable<Answer['audit']> {
  const id = tokenId(token);
  const named = { token: request.type, ...(id === undefined ? {} : { tokenId: id }) };
  switch (request.type) {
    case 'dataplane':
      return { ...named, mesh: request.mesh, name: request.name };
    case 'zone':
      return { ...named, name: request.zone, scope: request.scope };
    case 'user':
      return { ...named, name: request.name, userGroups: request.groups };
  }
}

function tokenId(token: string): string | undefined {
  try {
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti?: unknown };
    return typeof jti === 'string' ? jti : undefined;
  } catch {
    return undefined;
  }
}

function readJson(request: ApiRequest): unknown {
  try {
    return parseJsonBody(request.body);
  } catch {
    return undefined;
  }
}

function requireValid({ violations }: ReadToken<unknown>): void {
  if (violations.ok) return;
  throw new ApiError({ status: 400, title: INVALID, detail: 'Resource is not valid', violations: violations.list });
}
