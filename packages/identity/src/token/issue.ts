import { type KeyObject, randomUUID } from 'node:crypto';
import { MeshError, type ResourceView, type TokenRequest } from '@mesh/core';
import { SignJWT } from 'jose';
import { CLOCK_SKEW_MS } from '../clock-skew.js';
import { CONTROL_PLANE_USER } from './control-plane-user.js';
import { latestSigningKey, type TokenKind } from './signing-keys.js';

export interface SignOptions {
  /** RSA private key. */
  readonly key: KeyObject;
  readonly kid: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Signs a token with the newest key of its kind (contract/rest-api.md §4); throws `signing_key_not_found`. */
export async function issueToken(view: ResourceView, request: TokenRequest, now: number): Promise<string> {
  return signToken(request, { ...latestSigningKey(view, tokenKindOf(request)), now });
}

/** Signs a token with a key at hand: `kumactl generate … --signing-key-path`. Throws `invalid` for the name of the control plane. */
export async function signToken(request: TokenRequest, { key, kid, now }: SignOptions): Promise<string> {
  if (request.type === 'user' && request.name === CONTROL_PLANE_USER) {
    throw new MeshError('invalid', {
      violations: [{ field: 'name', message: `"${CONTROL_PLANE_USER}" is the control plane itself, and no user` }],
    });
  }
  const seconds = Math.floor(now / 1000);
  const payload = {
    ...claimsOf(request),
    exp: Math.floor((now + request.validForMs) / 1000),
    nbf: seconds - CLOCK_SKEW_MS / 1000,
    iat: seconds,
    jti: randomUUID(),
  };
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' }).sign(key);
}

/** The kind of token a request asks for. */
export function tokenKindOf(request: TokenRequest): TokenKind {
  return request.type === 'dataplane' ? { type: 'dataplane', mesh: request.mesh } : { type: request.type };
}

/** Claims are capitalised on the wire. */
function claimsOf(request: TokenRequest): Record<string, unknown> {
  switch (request.type) {
    case 'dataplane':
      return {
        Name: request.name,
        Mesh: request.mesh,
        Tags: sortedTags(request.tags),
        Type: request.proxyType,
        Workload: request.workload,
      };
    case 'zone':
      return { Zone: request.zone, Scope: [...request.scope] };
    case 'user':
      return { Name: request.name, Groups: [...request.groups] };
  }
}

function sortedTags(tags: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  const keys = Object.keys(tags).sort();
  return Object.fromEntries(keys.map((key) => [key, [...new Set(tags[key])].sort()]));
}
