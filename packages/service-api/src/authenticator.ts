import { readFileSync } from 'node:fs';
import { type Clock, MeshError, messageOf, type ResourceView, systemClock } from '@mesh/core';
import type { Authenticator, Identity } from '@mesh/http-api';
import { concernsTokens, readPublicKey, type StaticKey, verifyUserToken } from '@mesh/identity';
import type { KumaConfig, PublicKeyConfig } from '@mesh/runtime';

/** Tokens remembered at once; the one seen first makes way. */
const REMEMBERED_MAX = 1_000;

/** An authenticator, and how to end it. */
export interface UserTokenAuthenticator extends Authenticator {
  close(): void;
}

/**
 * Checks user tokens with the keys of the configuration, then with the signing keys kept as secrets. A
 * good token is remembered until it expires, or until any key or list of revoked tokens changes.
 */
export function userTokenAuthenticator(config: KumaConfig, view: ResourceView, clock: Clock = systemClock): UserTokenAuthenticator {
  const { useSecrets, publicKeys } = config.apiServer.authn.tokens.validator;
  const staticKeys = publicKeys.map(toStaticKey);
  const remembered = new Map<string, { readonly identity: Identity; readonly expiresAt: number }>();
  let epoch = 0;
  const subscription = view.subscribe(({ changes }) => {
    if (!changes.some(({ key }) => concernsTokens(key))) return;
    epoch++;
    remembered.clear();
  });
  const authenticate = async (token: string): Promise<Identity> => {
    const known = remembered.get(token);
    const now = clock.now();
    if (known && now < known.expiresAt) return known.identity;
    const begun = epoch;
    const { name, groups, expiresAt } = await verifyUserToken({ token, view, now, staticKeys, useSecrets });
    const identity = { name, groups };
    // What changed during the check may have made it stale.
    if (begun === epoch) remember(remembered, token, { identity, expiresAt });
    return identity;
  };
  return { authenticate, close: () => subscription.unsubscribe() };
}

function remember<T>(remembered: Map<string, T>, token: string, value: T): void {
  const [oldest] = remembered.keys();
  if (remembered.size >= REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
  remembered.set(token, value);
}

function toStaticKey({ kid, key, keyFile }: PublicKeyConfig): StaticKey {
  const read = readPublicKey(key === undefined ? readKeyFile(kid, keyFile ?? '') : Buffer.from(key));
  if (read?.asymmetricKeyType !== 'rsa') throw invalidKey(kid, 'it is no RSA public key in PEM form');
  return { kid, key: read };
}

function readKeyFile(kid: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw invalidKey(kid, messageOf(cause));
  }
}

function invalidKey(kid: string, reason: string): MeshError {
  return new MeshError('invalid', { public: `apiServer.authn.tokens.validator.publicKeys: key "${kid}" cannot be read: ${reason}` });
}
