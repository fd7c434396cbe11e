import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { privateKeyDer, publicKeyDer } from './p256.js';
import { privateKeyPem } from './pem.js';

it.each(['P-256', 'P-384'])('keys on %s are written with the bytes that OpenSSL writes', (namedCurve) => {
  // Enough for numbers with a leading zero byte among them.
  for (let i = 0; i < 300; i++) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    expect(publicKeyDer(publicKey)).toEqual(publicKey.export({ type: 'spki', format: 'der' }));
    expect(privateKeyDer(privateKey)).toEqual(privateKey.export({ type: 'pkcs8', format: 'der' }));
    expect(privateKeyPem(privateKey)).toBe(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
});
