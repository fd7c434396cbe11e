import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { MeshError, type Resource } from '@mesh/core';
import { mesh, secret, viewOf } from '@mesh/testing';
import { describe, expect, it } from 'vitest';
import { secretContent } from '../secrets/drafts.js';
import { createBuiltinCa } from './builtin.js';
import { issueLeaf } from './leaf.js';
import { loadMeshCa, type MeshCa } from './mesh-ca.js';

const NOW = Date.parse('2026-11-21T08:02:40Z');
const MESH = mesh().mtls().build();

function secretsOf(pair: { certPem: string; keyPem: string }) {
  return [
    secret('default.ca-builtin-cert-ca-1', pair.certPem).build(),
    secret('default.ca-builtin-key-ca-1', pair.keyPem).build(),
  ] as const;
}

function textOf(pem: string): string {
  return execFileSync('openssl', ['x509', '-noout', '-text'], { input: pem }).toString();
}

function load(...secrets: readonly Resource[]): MeshCa {
  const ca = loadMeshCa(viewOf(...secrets), MESH);
  if (!ca) throw new Error('the mesh has no CA');
  return ca;
}

describe('the builtin CA', async () => {
  const pair = await createBuiltinCa({ mesh: 'default', backend: { name: 'ca-1', type: 'builtin' }, now: NOW });

  it('looks like the root that Kuma makes', () => {
    const text = textOf(pair.certPem);
    expect(text).toContain('Issuer: O = Kuma, OU = Mesh, CN = default');
    expect(text).toContain('Subject: O = Kuma, OU = Mesh, CN = default');
    expect(text).toContain('Not Before: Nov 21 07:47:40 2026 GMT');
    expect(text).toContain('Not After : Nov 18 08:02:40 2036 GMT');
    expect(text).toContain('Public-Key: (2048 bit)');
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE/);
    expect(text).toMatch(/Subject Alternative Name:\s+URI:spiffe:\/\/default/);
    expect(pair.keyPem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
  });

  it('follows caCert of its conf', async () => {
    const conf = { caCert: { RSAbits: 3072, expiration: '1d' } };
    const short = await createBuiltinCa({ mesh: 'default', backend: { name: 'ca-1', conf }, now: NOW });
    expect(textOf(short.certPem)).toContain('Not After : Nov 22 08:02:40 2026 GMT');
    expect(textOf(short.certPem)).toContain('Public-Key: (3072 bit)');
  });

  it('issues leaves that verify against it, with the names Envoy checks', async () => {
    const ca = load(...secretsOf(pair));
    const tags = { 'kuma.io/zone': ['z1'], 'kuma.io/service': ['web', 'api'], 'kuma.io/protocol': ['http'] };
    const leaf = await issueLeaf(ca, { services: ['web', 'api'], tags, now: NOW });
    const text = textOf(leaf.certPem);
    expect(text).toContain('Not Before: Nov 21 07:47:40 2026 GMT');
    expect(text).toContain('Not After : Nov 22 08:02:40 2026 GMT');
    expect(text).toMatch(/Subject: \n/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature, Key Encipherment, Key Agreement/);
    expect(text).toMatch(/TLS Web Server Authentication, TLS Web Client Authentication/);
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(
      /Subject Alternative Name: critical\s+URI:spiffe:\/\/default\/web, URI:spiffe:\/\/default\/api, URI:kuma:\/\/kuma.io\/protocol\/http, URI:kuma:\/\/kuma.io\/service\/api, URI:kuma:\/\/kuma.io\/service\/web, URI:kuma:\/\/kuma.io\/zone\/z1/,
    );
    const certificate = new X509Certificate(leaf.certPem);
    expect(certificate.verify(ca.certificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(ca.certificate)).toBe(true);
    expect(leaf.spiffeIds).toEqual(['spiffe://default/web', 'spiffe://default/api']);
    expect([leaf.issuedAt, leaf.notAfter]).toEqual([NOW, NOW + 86_400_000]);
  });

  it('issues RSA leaves where asked, for the lifetime asked', async () => {
    const ca = load(...secretsOf(pair));
    const leaf = await issueLeaf(ca, { services: ['web'], tags: {}, now: NOW, ttlMs: 3_600_000, keyType: 'rsa' });
    expect(leaf.keyPem).toMatch(/RSA PRIVATE KEY/);
    expect(leaf.notAfter).toBe(NOW + 3_600_000);
  });

  it('issues no leaf that outlives its root', async () => {
    const conf = { caCert: { expiration: '1h' } };
    const short = await createBuiltinCa({ mesh: 'default', backend: { name: 'ca-1', conf }, now: NOW });
    const leaf = await issueLeaf(load(...secretsOf(short)), { services: ['web'], tags: {}, now: NOW });
    expect(leaf.notAfter).toBe(NOW + 3_600_000);
  });

  it('trusts every root in its data while one replaces the other, and issues with the one of the key', async () => {
    const next = await createBuiltinCa({ mesh: 'default', backend: { name: 'ca-1' }, now: NOW });
    const both = load(...secretsOf({ certPem: next.certPem + pair.certPem, keyPem: pair.keyPem }));
    expect(both.trustBundlePem).toBe(next.certPem + pair.certPem);
    expect(both.certificate.raw).toEqual(new X509Certificate(pair.certPem).raw);
    expect(both.fingerprint).not.toBe(load(...secretsOf(pair)).fingerprint);
  });

  it('is loaded once for the same mesh and secrets, and again when a secret changes', async () => {
    const secrets = secretsOf(pair);
    const first = load(...secrets);
    expect(load(...secrets)).toBe(first);
    expect(load(...secretsOf(pair))).not.toBe(first);
  });
});

describe('a mesh', () => {
  it('has no CA while mTLS is off', () => {
    expect(loadMeshCa(viewOf(), mesh().build())).toBeUndefined();
  });

  it('reports a CA whose secrets are missing or no pair, and never goes on without one', async () => {
    expect(() => loadMeshCa(viewOf(), mesh().mtls().build())).toThrow(MeshError);
    const a = await createBuiltinCa({ mesh: 'default', backend: {}, now: NOW });
    const b = await createBuiltinCa({ mesh: 'default', backend: {}, now: NOW });
    const mixed = secretsOf({ certPem: a.certPem, keyPem: b.keyPem });
    expect(() => loadMeshCa(viewOf(...mixed), mesh().mtls().build())).toThrow(/certificate and key are no pair/);
  });

  it('loads a provided CA from secrets, and never from files', async () => {
    const pair = await createBuiltinCa({ mesh: 'default', backend: {}, now: NOW });
    const view = viewOf(secret('cert', pair.certPem).build(), secret('key', pair.keyPem).build());
    const ca = loadMeshCa(view, mesh().providedMtls('ca-2', { cert: 'cert', key: 'key' }).build());
    expect(ca?.backend).toBe('ca-2');
    const conf = { cert: { file: '/etc/passwd' }, key: { file: '/etc/passwd' } };
    const files = mesh().withSpec({ mtls: { enabledBackend: 'b', backends: [{ name: 'b', type: 'provided', conf }] } });
    expect(() => loadMeshCa(view, files.build())).toThrow(/files are not read/);
    expect(secretContent(secret('a', 'b').build()).toString()).toBe('b');
  });
});
