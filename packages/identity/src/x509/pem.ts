import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { pemOf, privateKeyDer } from './p256.js';

/** The certificates of a PEM text, each as a PEM text of its own; other blocks are passed over. */
export function splitCertificates(pem: string): string[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g)].map(([block]) => `${block}\n`);
}

/** A private key from PEM (PKCS#1, PKCS#8, SEC1) or DER (PKCS#1, PKCS#8); undefined where the bytes are none. */
export function readPrivateKey(data: Buffer): KeyObject | undefined {
  const pem = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]+?-----END (?:[A-Z]+ )?PRIVATE KEY-----/.exec(data.toString('latin1'))?.[0];
  if (pem !== undefined) return attempt(() => createPrivateKey(pem));
  return (
    attempt(() => createPrivateKey({ key: data, format: 'der', type: 'pkcs1' })) ??
    attempt(() => createPrivateKey({ key: data, format: 'der', type: 'pkcs8' }))
  );
}

/** A public key from PEM ("RSA PUBLIC KEY", "PUBLIC KEY", or of a private key); undefined where the bytes are none. */
export function readPublicKey(data: Buffer): KeyObject | undefined {
  const pem = /-----BEGIN (?:[A-Z]+ )?PUBLIC KEY-----[\s\S]+?-----END (?:[A-Z]+ )?PUBLIC KEY-----/.exec(data.toString('latin1'))?.[0];
  if (pem !== undefined) return attempt(() => createPublicKey(pem));
  const privateKey = readPrivateKey(data);
  return privateKey && attempt(() => createPublicKey(privateKey));
}

/** PEM of a private key as Kuma writes it: PKCS#1 for RSA, PKCS#8 for others. */
export function privateKeyPem(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }) as string;
  return pemOf('PRIVATE KEY', privateKeyDer(key));
}

/** PEM "RSA PUBLIC KEY" of an RSA key, the form in which zones get the keys of zone tokens. */
export function rsaPublicKeyPem(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'pkcs1', format: 'pem' }) as string;
}

/** What `read` gives, or undefined where it throws: OpenSSL reports unreadable bytes by throwing. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
