import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSelfSigned } from './self-signed.js';

const NOW = Date.parse('2026-11-21T08:00:00Z');

describe('createSelfSigned', () => {
  it.each([
    { keyType: 'rsa', header: '-----BEGIN RSA PRIVATE KEY-----' },
    { keyType: 'ecdsa', header: '-----BEGIN EC PRIVATE KEY-----' },
  ] as const)('gives a certificate of its own $keyType key, for the hosts asked for', async ({ keyType, header }) => {
    const { certPem, keyPem } = await createSelfSigned({ usage: 'server', hosts: ['localhost', '10.0.0.1'], keyType, now: NOW });
    const certificate = new X509Certificate(certPem);
    expect(keyPem).toContain(header);
    expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:10.0.0.1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });
});
