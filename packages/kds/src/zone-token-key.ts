import { type JsonObject, MeshError } from '@mesh/core';
import { readPrivateKey, rsaPublicKeyPem, zonePublicKeyName } from '@mesh/identity';

const PRIVATE_PREFIX = 'zone-token-signing-key-';

/** Name under which zones hold the public half of a zone-token signing key; undefined for other secrets. */
export function publicKeySecretName(name: string): string | undefined {
  return name.startsWith(PRIVATE_PREFIX) ? zonePublicKeyName(name.slice(PRIVATE_PREFIX.length)) : undefined;
}

/** The secret a zone gets in place of a signing key: the PKCS#1 PEM of its public half (contract/kds.md §3). */
export function publicKeySecretData(spec: JsonObject): JsonObject {
  const { data } = spec;
  const key = typeof data === 'string' ? readPrivateKey(Buffer.from(data, 'base64')) : undefined;
  if (key?.asymmetricKeyType !== 'rsa') throw new MeshError('invalid', { public: 'the signing key is no RSA private key' });
  return { data: Buffer.from(rsaPublicKeyPem(key)).toString('base64') };
}
