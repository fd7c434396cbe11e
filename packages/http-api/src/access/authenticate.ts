import { MeshError } from '@mesh/core';
import type { ApiSection, Authenticator } from '../options.js';
import { ADMIN, ANONYMOUS, GROUP_AUTHENTICATED, type Identity } from './identity.js';
import { type Caller, isLocalAdmin } from './localhost-admin.js';

const BEARER = 'Bearer ';
const TOKEN_CHARACTERS_MAX = 16_384;

/** How a caller was recognised. */
export type Recognition = 'localhost' | 'certificate' | 'token' | 'none';

/** A caller, and how it was recognised. */
export interface Authenticated {
  readonly identity: Identity;
  readonly by: Recognition;
}

/** Nobody in particular. */
export const UNRECOGNISED: Authenticated = { identity: ANONYMOUS, by: 'none' };

/** Facts of a request that decide who calls. */
export interface Credentials extends Caller {
  /** The TLS handshake verified a client certificate. */
  readonly clientCertVerified: boolean;
}

/**
 * Who calls, in the order of contract/rest-api.md §1: localhost admin, then the method of
 * `authn.type`. Throws MeshError `unauthenticated` for a token that is not good.
 */
export async function authenticate(
  credentials: Credentials,
  using: { authn: ApiSection['authn']; authenticator: Authenticator },
): Promise<Authenticated> {
  const { authn, authenticator } = using;
  if (authn.localhostIsAdmin && isLocalAdmin(credentials)) return { identity: ADMIN, by: 'localhost' };
  if (authn.type === 'adminClientCerts') return credentials.clientCertVerified ? { identity: ADMIN, by: 'certificate' } : UNRECOGNISED;
  const header = credentials.headers.authorization;
  if (typeof header !== 'string' || !header.startsWith(BEARER)) return UNRECOGNISED;
  const token = header.slice(BEARER.length);
  if (token.length > TOKEN_CHARACTERS_MAX) throw new MeshError('unauthenticated', { internal: 'token is too long' });
  return { identity: withGroup(await verify(authenticator, token)), by: 'token' };
}

async function verify(authenticator: Authenticator, token: string): Promise<Identity> {
  try {
    return await authenticator.authenticate(token);
  } catch (error) {
    if (MeshError.is(error)) throw error;
    throw new MeshError('unauthenticated', { cause: error });
  }
}

function withGroup(identity: Identity): Identity {
  if (identity.groups.includes(GROUP_AUTHENTICATED)) return identity;
  return { name: identity.name, groups: [...identity.groups, GROUP_AUTHENTICATED] };
}
