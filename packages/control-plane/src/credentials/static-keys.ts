import { readFileSync } from 'node:fs';
import { MeshError, messageOf } from '@mesh/core';
import { readPublicKey, type StaticKey } from '@mesh/identity';
import type { PublicKeyConfig } from '@mesh/runtime';

/**
 * Reads the public keys that a section of the configuration lists (`….validator.publicKeys`).
 * Throws `invalid`, naming the section and the key, where one is no RSA public key.
 */
export function readStaticKeys(publicKeys: readonly PublicKeyConfig[], section: string): readonly StaticKey[] {
  return publicKeys.map(({ kid, mesh, key, keyFile }) => {
    const invalid = (reason: string) =>
      new MeshError('invalid', { public: `${section}.publicKeys: the key ${JSON.stringify(kid)} cannot be read: ${reason}` });
    const read = readPublicKey(contentOf(key, keyFile, invalid));
    if (read?.asymmetricKeyType !== 'rsa') throw invalid('it is no RSA public key in PEM form');
    return { kid, key: read, ...(mesh === undefined ? {} : { mesh }) };
  });
}

function contentOf(key: string | undefined, keyFile: string | undefined, invalid: (reason: string) => MeshError): Buffer {
  if (key !== undefined) return Buffer.from(key);
  try {
    return readFileSync(keyFile ?? '');
  } catch (cause) {
    throw invalid(messageOf(cause));
  }
}
