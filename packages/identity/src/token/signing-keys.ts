import { createSecretKey, type KeyObject } from 'node:crypto';
import { MeshError, type Resource, type ResourceView } from '@mesh/core';
import { secretContent } from '../secrets/drafts.js';
import { newPrivateKey } from '../x509/issue.js';
import { privateKeyPem, readPrivateKey, readPublicKey } from '../x509/pem.js';

/** What a token is for; dataplane tokens have keys per mesh. */
export type TokenKind = { readonly type: 'dataplane'; readonly mesh: string } | { readonly type: 'zone' } | { readonly type: 'user' };

/** Serial of the key that is made with the deployment or the mesh. */
export const FIRST_SERIAL = '1';

interface KeyPlace {
  readonly kind: 'Secret' | 'GlobalSecret';
  readonly mesh: string;
  readonly prefix: string;
}

/** Where the signing keys of a kind of token are: `<prefix>-<serial>`, serial 0 without suffix. */
export function signingKeyPlace(token: TokenKind): KeyPlace {
  if (token.type === 'dataplane') return { kind: 'Secret', mesh: token.mesh, prefix: `dataplane-token-signing-key-${token.mesh}` };
  return { kind: 'GlobalSecret', mesh: '', prefix: `${token.type}-token-signing-key` };
}

/** Name of the secret that holds the key of a serial. */
export function signingKeyName(token: TokenKind, serial: string = FIRST_SERIAL): string {
  return nameOf(signingKeyPlace(token).prefix, serial);
}

function nameOf(prefix: string, serial: string): string {
  return serial === '0' ? prefix : `${prefix}-${serial}`;
}

/** Name under which a federated zone holds the public half of a key of zone tokens. */
export function zonePublicKeyName(serial: string): string {
  return nameOf('zone-token-signing-public-key', serial);
}

/** A new signing key: PEM "RSA PRIVATE KEY", 2048 bits. */
export async function newSigningKey(): Promise<string> {
  return privateKeyPem(await newPrivateKey({ rsaBits: 2048 }));
}

export interface SigningKey {
  /** The suffix of the secret's name as it is written, so that looking it up again finds it. */
  readonly kid: string;
  readonly key: KeyObject;
}

/** The key with the highest serial, which signs new tokens; throws `signing_key_not_found`. */
export function latestSigningKey(view: ResourceView, token: TokenKind): SigningKey {
  const { kind, mesh, prefix } = signingKeyPlace(token);
  let best: { kid: string; resource: Resource } | undefined;
  for (const resource of view.list(kind, mesh)) {
    const kid = serialOf(resource.meta.name, prefix);
    if (kid !== undefined && (best === undefined || compareSerials(kid, best.kid) > 0)) best = { kid, resource };
  }
  const key = best && readPrivateKey(secretContent(best.resource));
  if (best && key?.asymmetricKeyType === 'rsa') return { kid: best.kid, key };
  const name = best?.resource.meta.name ?? signingKeyName(token);
  const place = `${kind} of name "${name}"${kind === 'Secret' ? ` in mesh "${mesh}"` : ''}`;
  throw new MeshError('signing_key_not_found', {
    public: best
      ? `the signing key in ${place} with KID ${best.kid} is not an RSA private key`
      : `there is no signing key with KID ${FIRST_SERIAL}. ${place} is not found. If signing key was rotated, regenerate the token`,
  });
}

/** Whether any signing key of this kind exists. */
export function hasSigningKey(view: ResourceView, token: TokenKind): boolean {
  const { kind, mesh, prefix } = signingKeyPlace(token);
  return view.list(kind, mesh).some(({ meta }) => serialOf(meta.name, prefix) !== undefined);
}

function serialOf(name: string, prefix: string): string | undefined {
  if (name === prefix) return '0';
  const suffix = name.startsWith(`${prefix}-`) ? name.slice(prefix.length + 1) : '';
  return /^\d{1,18}$/.test(suffix) ? suffix : undefined;
}

function compareSerials(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

/** A key that tokens may be verified with, and the one algorithm it may be used for. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithm: 'RS256' | 'HS256';
}

/** The key of a `kid` in the secrets this control plane has; undefined where there is none. */
export function findVerificationKey(view: ResourceView, token: TokenKind, kid: string): VerificationKey | undefined {
  const { kind, mesh } = signingKeyPlace(token);
  const names = token.type === 'zone' ? [zonePublicKeyName(kid), signingKeyName(token, kid)] : [signingKeyName(token, kid)];
  for (const name of names) {
    const resource = view.get({ kind, mesh, name });
    if (resource) return keyOfSecret(resource, kid);
  }
  return undefined;
}

/** Read once for each state of a secret: every stream and every request brings a token. */
const keys = new WeakMap<Resource, VerificationKey | null>();

function keyOfSecret(secret: Resource, kid: string): VerificationKey | undefined {
  let key = keys.get(secret);
  if (key === undefined) {
    key = keyFrom(secretContent(secret), kid) ?? null;
    keys.set(secret, key);
  }
  return key ?? undefined;
}

/**
 * Tokens of Kuma 1.3 and before: HS256 with the raw bytes of the key without serial. Bytes that
 * are an RSA key never count as such, or a public key would do for signing.
 */
function keyFrom(content: Buffer, kid: string): VerificationKey | undefined {
  const key = readPublicKey(content);
  if (key) return key.asymmetricKeyType === 'rsa' ? { key, algorithm: 'RS256' } : undefined;
  const looksLikeKey = content.includes('-----BEGIN');
  return kid === '0' && content.length > 0 && !looksLikeKey ? { key: createSecretKey(content), algorithm: 'HS256' } : undefined;
}
