import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { MeshError, type ResourceView } from '@mesh/core';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { isRevoked } from './revocations.js';
import { findVerificationKey, type TokenKind, type VerificationKey } from './signing-keys.js';

/** A key given in the configuration (`validator.publicKeys`). */
export interface StaticKey {
  readonly kid: string;
  readonly key: KeyObject;
  /** For dataplane tokens: the mesh it is for; empty for all. */
  readonly mesh?: string;
}

export interface TokenSource {
  readonly token: string;
  readonly view: ResourceView;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Tried before the secrets. */
  readonly staticKeys?: readonly StaticKey[];
  /** `validator.useSecrets`; true unless said. */
  readonly useSecrets?: boolean;
}

/** What every accepted token says of itself. */
export interface VerifiedToken {
  readonly kid: string;
  readonly jti: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly payload: JWTPayload;
}

const TOKEN_BYTES_MAX = 64 * 1024;

/**
 * Checks signature, algorithm, times and revocation of a token. Throws `unauthenticated` with the
 * reason, whatever the text is; what the claims allow is for the caller to decide.
 */
export async function verifyToken(kind: TokenKind, source: TokenSource): Promise<VerifiedToken> {
  const { token, view, now } = source;
  if (token === '') throw reject('there is no token');
  if (token.length > TOKEN_BYTES_MAX) throw reject('the token is too long');
  const { kid, alg } = readHeader(token);
  const found = findKey(kind, kid, source);
  if (!found)
    throw reject(`there is no signing key with KID ${JSON.stringify(kid)}: it was removed, or the token is of another deployment`);
  if (alg !== found.algorithm) throw reject(`the algorithm ${JSON.stringify(alg)} is not allowed for the key`);
  const payload = await checkSignature(token, found, now);
  const { jti, exp } = payload;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw reject('the token has no expiration time');
  if (typeof jti !== 'string' || jti === '') throw reject('the token has no ID');
  if (isRevoked(view, kind, jti)) throw reject(`the token with ID ${JSON.stringify(jti)} is revoked`);
  return { kid, jti, expiresAt: exp * 1000, payload };
}

/** The error of every refused token. */
export function reject(reason: string): MeshError {
  return new MeshError('unauthenticated', { public: `could not authenticate: ${reason}` });
}

function readHeader(token: string): { kid: string; alg: string } {
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    throw reject('the token is not a JWT');
  }
  const { kid, alg } = header;
  if (typeof kid !== 'string' || !/^[\w.-]{1,200}$/.test(kid)) throw reject('the header "kid" of the token must be text');
  if (alg !== 'RS256' && alg !== 'HS256') throw reject('the token must be signed with RS256');
  return { kid, alg };
}

function findKey(kind: TokenKind, kid: string, { staticKeys = [], useSecrets = true, view }: TokenSource): VerificationKey | undefined {
  const mesh = kind.type === 'dataplane' ? kind.mesh : '';
  const configured = staticKeys.find((each) => each.kid === kid && (!each.mesh || each.mesh === mesh));
  if (configured) {
    const key = configured.key.type === 'private' ? createPublicKey(configured.key) : configured.key;
    return { key, algorithm: 'RS256' };
  }
  return useSecrets ? findVerificationKey(view, kind, kid) : undefined;
}

/** Payloads of tokens whose signature is good, by key, then digest of the token; oldest first. */
const verified = new WeakMap<KeyObject, Map<string, JWTPayload>>();
/** Tokens remembered for each key. */
const VERIFIED_MAX = 20_000;

/**
 * The payload of a token with a good signature that counts now. A signature is checked once: a proxy shows its token with
 * every stream, for its own resource and the stored one, and a fleet that comes back shows all of them at once.
 */
async function checkSignature(token: string, { key, algorithm }: VerificationKey, now: number): Promise<JWTPayload> {
  const known = verified.get(key) ?? new Map<string, JWTPayload>();
  verified.set(key, known);
  const digest = hash('sha256', token, 'base64');
  const remembered = known.get(digest);
  if (remembered) {
    checkTimes(remembered, now);
    return remembered;
  }
  const payload = await checkOnce(token, { key, algorithm }, now);
  known.set(digest, payload);
  for (const oldest of known.keys()) {
    if (known.size <= VERIFIED_MAX) break;
    known.delete(oldest);
  }
  return payload;
}

/** What `jwtVerify` checks beside the signature, to the second as it does. */
function checkTimes({ exp, nbf }: JWTPayload, now: number): void {
  const seconds = Math.floor(now / 1000);
  if (nbf !== undefined && nbf > seconds) throw reject('the token is not valid yet');
  if (exp !== undefined && exp <= seconds) throw reject('the token is expired');
}

async function checkOnce(token: string, { key, algorithm }: VerificationKey, now: number): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, key, { algorithms: [algorithm], currentDate: new Date(now) })).payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw reject('the token is expired');
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf') throw reject('the token is not valid yet');
    if (error instanceof errors.JWSSignatureVerificationFailed) throw reject('the signature of the token is not valid');
    throw reject('the token is malformed');
  }
}
