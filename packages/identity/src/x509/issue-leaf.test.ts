import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRoot } from '../ca/builtin.js';
import { CLIENT_AUTH, KEY_USAGE, newKeyPair, SERVER_AUTH } from './issue.js';
import { type AltName, issueLeafCertificate, type LeafIssuer } from './issue-leaf.js';
import { readPrivateKey } from './pem.js';

const FROM = new Date('2026-11-21T08:00:00Z');
const FAR = new Date('2056-02-29T23:59:59Z');

let issuer: LeafIssuer;

beforeAll(async () => {
  const { certPem, keyPem } = await createRoot({ commonName: 'default', now: FROM.getTime() });
  const key = readPrivateKey(Buffer.from(keyPem));
  if (!key) throw new Error('the root has no key');
  issuer = { key, certificate: new X509Certificate(certPem) };
});

async function issue(altNames: readonly AltName[], by: LeafIssuer = issuer): Promise<X509Certificate> {
  const { publicKey } = await newKeyPair('ecdsa');
  const request = { issuer: by, publicKey, altNames, notBefore: FROM, notAfter: FAR };
  return new X509Certificate(
    await issueLeafCertificate({
      ...request,
      keyUsages: KEY_USAGE.digitalSignature | KEY_USAGE.keyAgreement,
      extendedKeyUsages: [SERVER_AUTH, CLIENT_AUTH],
    }),
  );
}

describe('issueLeafCertificate', () => {
  it('says times before and after 2050, usages and who issued it', async () => {
    const certificate = await issue([{ type: 'dns', value: 'kuma-cp' }]);
    expect(new Date(certificate.validFrom)).toEqual(FROM);
    expect(new Date(certificate.validTo)).toEqual(FAR);
    expect(certificate.keyUsage).toEqual([SERVER_AUTH, CLIENT_AUTH]);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(issuer.certificate)).toBe(true);
    expect(certificate.issuer).toBe('O=Kuma\nOU=Mesh\nCN=default');
  });

  it.each(['P-256', 'P-384', 'P-521'])('can be signed by an authority with an ECDSA key on %s', async (namedCurve) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    const certificate = await issue([], { key: privateKey, certificate: issuer.certificate });
    expect(certificate.verify(publicKey)).toBe(true);
  });

  it('carries any service names and addresses as they were given', async () => {
    const name = fc
      .stringMatching(/^[a-z0-9][a-z0-9_.-]{0,200}$/)
      .map((service) => ({ type: 'url' as const, value: `spiffe://default/${service}` }));
    const v4 = fc.ipV4().map((value) => ({ type: 'ip' as const, value }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(name, v4), { minLength: 1, maxLength: 12 }), async (names) => {
        const { subjectAltName } = await issue(names);
        expect(subjectAltName).toBe(names.map(({ type, value }) => `${type === 'ip' ? 'IP Address' : 'URI'}:${value}`).join(', '));
      }),
      { numRuns: 30 },
    );
  });

  it('carries IPv6 addresses in every spelling', async () => {
    await fc.assert(
      fc.asyncProperty(fc.ipV6(), async (value) => {
        expect((await issue([{ type: 'ip', value }])).checkIP(value)).toBe(value);
      }),
      { numRuns: 30 },
    );
  });

  it('verifies with the key of its issuer, and with no other', async () => {
    const certificate = await issue([{ type: 'url', value: 'spiffe://default/web' }]);
    expect(certificate.verify(issuer.certificate.publicKey)).toBe(true);
    expect(certificate.verify((await newKeyPair('ecdsa')).publicKey)).toBe(false);
  });
});
