import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { type JsonObject, MeshError } from '@mesh/core';

const PRIVATE_PREFIX = 'zone-token-signing-key-';
const PUBLIC_PREFIX = 'zone-token-signing-public-key-';

/** Name under which zones hold the public half of a zone-token signing key; undefined for other secrets. */
export function publicKeySecretName(name: string): string | undefined {
  return name.startsWith(PRIVATE_PREFIX) ? `${PUBLIC_PREFIX}${name.slice(PRIVATE_PREFIX.length)}` : undefined;
}

/** The secret a zone gets in place of a signing key: the PKCS#1 PEM of its public half (contract/kds.md §3). */
export function publicKeySecretData(spec: JsonObject): JsonObject {
  const data = spec['data'];
  if (typeof data !== 'string') throw new MeshError('invalid', { public: 'the signing key has no data' });
  const pem = createPublicKey(readPrivateKey(Buffer.from(data, 'base64'))).export({ type: 'pkcs1', format: 'pem' });
  return { data: Buffer.from(pem).toString('base64') };
}

/** Signing keys are PEM; those of old versions are PKCS#1 DER. */
function readPrivateKey(bytes: Buffer): KeyObject {
  try {
    if (bytes.toString('latin1').startsWith('-----BEGIN')) return createPrivateKey(bytes);
    return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs1' });
  } catch (cause) {
    throw new MeshError('invalid', { public: 'the signing key is no RSA private key', cause });
  }
}
