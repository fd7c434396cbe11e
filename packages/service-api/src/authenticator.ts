import { readFileSync } from 'node:fs';
import { MeshError, messageOf, type ResourceView, systemClock } from '@mesh/core';
import type { Authenticator } from '@mesh/http-api';
import { readPublicKey, type StaticKey, verifyUserToken } from '@mesh/identity';
import type { KumaConfig, PublicKeyConfig } from '@mesh/runtime';

/** Checks user tokens with the keys of the configuration, then with the signing keys kept as secrets. */
export function userTokenAuthenticator(config: KumaConfig, view: ResourceView): Authenticator {
  const { useSecrets, publicKeys } = config.apiServer.authn.tokens.validator;
  const staticKeys = publicKeys.map(toStaticKey);
  return {
    authenticate: async (token) => {
      const { name, groups } = await verifyUserToken({ token, view, now: systemClock.now(), staticKeys, useSecrets });
      return { name, groups };
    },
  };
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
