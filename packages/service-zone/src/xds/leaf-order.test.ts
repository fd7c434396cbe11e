import { X509Certificate } from 'node:crypto';
import type { Resource } from '@mesh/core';
import { createBuiltinCa, loadMeshCa, type MeshCa } from '@mesh/identity';
import type { DataplaneInsightMtls, DataplaneSpec, MeshSpec } from '@mesh/resources';
import { mesh, secret, viewOf } from '@mesh/testing';
import { describe, expect, it } from 'vitest';
import { type LeafOrderParts, leafOrder } from './leaf-order.js';

const ISSUED_AT = Date.parse('2026-11-21T08:02:40.123Z');
const HOUR_MS = 3_600_000;

const pair = await createBuiltinCa({ mesh: 'default', backend: { name: 'ca-1', type: 'builtin' }, now: ISSUED_AT });
const otherPair = await createBuiltinCa({ mesh: 'default', backend: { name: 'ca-1', type: 'builtin' }, now: ISSUED_AT });

function caOf({ certPem, keyPem }: { certPem: string; keyPem: string }, expiration = '10h'): MeshCa {
  const backends = [{ name: 'ca-1', type: 'builtin', dpCert: { rotation: { expiration } } }];
  const resource: Resource<MeshSpec> = { ...mesh().build(), spec: { mtls: { enabledBackend: 'ca-1', backends } } };
  const secrets = [secret('default.ca-builtin-cert-ca-1', certPem).build(), secret('default.ca-builtin-key-ca-1', keyPem).build()];
  const ca = loadMeshCa(viewOf(...secrets), resource);
  if (!ca) throw new Error('the mesh has no CA');
  return ca;
}

const specOf = (service: string): DataplaneSpec => ({
  networking: { address: '10.0.0.1', inbound: [{ port: 80, tags: { 'kuma.io/service': service } }] },
});
const CA = caOf(pair);
const RECORDED: DataplaneInsightMtls = {
  issuedBackend: 'ca-1',
  lastCertificateRegeneration: new Date(ISSUED_AT).toISOString(),
  certificateExpirationTime: new Date(ISSUED_AT + 10 * HOUR_MS).toISOString(),
};

const orderOf = (nowMs: number, given: Partial<Omit<LeafOrderParts, 'clock'>> = {}) =>
  leafOrder({ ca: CA, spec: specOf('web'), clock: { now: () => nowMs }, recorded: () => RECORDED, ...given });

describe('the certificate that a sidecar has from before a restart', () => {
  const issued = orderOf(ISSUED_AT).issue();
  const recall = (...args: Parameters<typeof orderOf>) => orderOf(...args).recall?.();

  it('is known by its version, from what is recorded of it', async () => {
    expect(recall(ISSUED_AT + HOUR_MS)).toMatchObject({
      version: (await issued).version,
      issuedAtMs: ISSUED_AT,
      expiresAtMs: ISSUED_AT + 10 * HOUR_MS,
    });
  });

  it('is made for one that does not have it after all, once, with its names and its end', async () => {
    const made = recall(ISSUED_AT + HOUR_MS);
    const certificate = new X509Certificate(made?.certificatePem ?? '');
    expect(made?.certificatePem).toBe(made?.certificatePem);
    expect(certificate.verify(CA.certificate.publicKey)).toBe(true);
    expect(certificate.subjectAltName).toBe(new X509Certificate((await issued).certificatePem).subjectAltName);
    expect(Date.parse(certificate.validTo)).toBe(Math.floor((ISSUED_AT + 10 * HOUR_MS) / 1000) * 1000);
    expect(made?.certificatePem).not.toBe((await issued).certificatePem);
  });

  it.each([
    { what: 'tags', ca: CA, spec: specOf('other') },
    { what: 'an issuer', ca: caOf(otherPair), spec: specOf('web') },
  ])('is not that of a sidecar with other $what', async ({ ca, spec }) => {
    expect(recall(ISSUED_AT + HOUR_MS, { ca, spec })?.version).not.toBe((await issued).version);
  });

  it.each([
    { what: 'nothing is recorded', recorded: undefined, ca: CA },
    { what: 'another backend issued it', recorded: { ...RECORDED, issuedBackend: 'ca-2' }, ca: CA },
    { what: 'certificates are to live shorter by now', recorded: RECORDED, ca: caOf(pair, '2h') },
    { what: 'it is of a time to come', recorded: { ...RECORDED, ...times(ISSUED_AT + 2 * HOUR_MS) }, ca: CA },
    { what: 'its times are none', recorded: { ...RECORDED, lastCertificateRegeneration: 'x' }, ca: CA },
  ])('does not count where $what', ({ recorded, ca }) => {
    expect(recall(ISSUED_AT + HOUR_MS, { ca, recorded: () => recorded })).toBeUndefined();
  });
});

function times(issuedAt: number): Partial<DataplaneInsightMtls> {
  return {
    lastCertificateRegeneration: new Date(issuedAt).toISOString(),
    certificateExpirationTime: new Date(issuedAt + 10 * HOUR_MS).toISOString(),
  };
}
