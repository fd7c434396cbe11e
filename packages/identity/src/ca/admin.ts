import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { MeshError } from '@mesh/core';
import { CLOCK_SKEW_MS } from '../clock-skew.js';
import { CLIENT_AUTH, issueCertificate, KEY_USAGE, newKeyPair, newKeyPairNow, newPrivateKey, SERVER_AUTH } from '../x509/issue.js';
import {
  type AltName,
  issueLeafCertificate,
  issueLeafCertificateNow,
  type LeafCertificateRequest,
  type LeafIssuer,
} from '../x509/issue-leaf.js';
import { privateKeyPem, readPrivateKey, splitCertificates } from '../x509/pem.js';
import { type CaPair, createRoot } from './builtin.js';

/** GlobalSecret of the CA for Envoy's admin endpoint. */
export const ENVOY_ADMIN_CA = 'envoy-admin-ca';
/** GlobalSecret of the CA for traffic between instances of a global control plane. */
export const INTER_CP_CA = 'inter-cp-ca';
/** DNS name in the client certificate that Envoy's admin endpoint accepts. */
export const ADMIN_CLIENT_NAME = 'kuma-cp';

const TEN_YEARS_MS = 87_600 * 3_600_000;

/**
 * A new CA for a purpose inside the control plane, as its secret holds it: PEM of the certificate, then of the key. ECDSA: it signs
 * for every proxy that joins.
 */
export async function createSystemCa(commonName: string, now: number): Promise<string> {
  const { certPem, keyPem } = await createRoot({ commonName, now, keyType: 'ecdsa' });
  return certPem + keyPem;
}

/** The CA in the content of such a secret; throws `unavailable` where it is none. */
export function readSystemCa(content: Buffer): CaPair {
  const [certPem] = splitCertificates(content.toString('latin1'));
  const key = readPrivateKey(content);
  if (certPem === undefined || !key) throw new MeshError('unavailable', { public: 'the secret holds no certificate and key' });
  return { certPem, keyPem: privateKeyPem(key) };
}

export interface SystemCertificateOptions {
  /** Host names and IP addresses. */
  readonly hosts: readonly string[];
  readonly now: number;
  readonly ttlMs?: number;
}

/** A certificate for a server (Envoy's admin endpoint of the proxy at these addresses). */
export function issueServerCertificate(ca: CaPair, options: SystemCertificateOptions): Promise<CaPair> {
  return issueWith(ca, { ...options, usage: SERVER_AUTH });
}

/** As `issueServerCertificate`, at once: a millisecond of the main thread, where nobody can wait. */
export function issueServerCertificateNow(ca: CaPair, options: SystemCertificateOptions): CaPair {
  const { privateKey, publicKey } = newKeyPairNow();
  const certPem = issueLeafCertificateNow({ ...requestOf(ca, { ...options, usage: SERVER_AUTH }), publicKey });
  return { certPem, keyPem: privateKeyPem(privateKey) };
}

/** A certificate for a client (the control plane that calls Envoy's admin endpoint: `hosts: ['kuma-cp']`). */
export function issueClientCertificate(ca: CaPair, options: SystemCertificateOptions): Promise<CaPair> {
  return issueWith(ca, { ...options, usage: CLIENT_AUTH });
}

async function issueWith(ca: CaPair, options: SystemCertificateOptions & { usage: string }): Promise<CaPair> {
  const request = requestOf(ca, options);
  const { privateKey, publicKey } = await newKeyPair('ecdsa');
  return { certPem: await issueLeafCertificate({ ...request, publicKey }), keyPem: privateKeyPem(privateKey) };
}

function requestOf(ca: CaPair, options: SystemCertificateOptions & { usage: string }): Omit<LeafCertificateRequest, 'publicKey'> {
  const { altNames, notBefore, notAfter } = leafFields(options);
  const keyUsages = KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment;
  return { issuer: issuerOf(ca), altNames, notBefore, notAfter, keyUsages, extendedKeyUsages: [options.usage] };
}

/** Read once: the CA of the admin endpoints signs for every proxy. */
const issuers = new WeakMap<CaPair, LeafIssuer>();

function issuerOf(ca: CaPair): LeafIssuer {
  let issuer = issuers.get(ca);
  if (!issuer) {
    const key = readPrivateKey(Buffer.from(ca.keyPem));
    if (!key) throw new MeshError('unavailable', { public: 'the key of the CA cannot be read' });
    issuer = { key, certificate: new X509Certificate(ca.certPem) };
    issuers.set(ca, issuer);
  }
  return issuer;
}

/**
 * A certificate a server signs for itself, to serve KDS, the API and the data planes where none
 * is configured (contract/kds.md §4, "Auto TLS"): it is its own CA, so that clients can trust it alone. ECDSA, unlike Kuma's:
 * a handshake with an RSA key costs the server half a millisecond more, and a fleet that comes back makes thousands.
 */
export async function createSelfSignedServer(options: SystemCertificateOptions): Promise<CaPair> {
  const key = await newPrivateKey('ecdsa');
  const certPem = await issueCertificate({
    ...leafFields(options),
    issuer: { key },
    subjectKey: key,
    isCa: true,
    keyUsages: KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment | KEY_USAGE.keyCertSign,
    extendedKeyUsages: [SERVER_AUTH],
  });
  return { certPem, keyPem: privateKeyPem(key) };
}

function leafFields(options: SystemCertificateOptions): {
  subject: string;
  altNames: AltName[];
  altNamesCritical: boolean;
  notBefore: Date;
  notAfter: Date;
} {
  return {
    subject: '',
    altNames: [...new Set(options.hosts)].map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value })),
    altNamesCritical: true,
    notBefore: new Date(options.now - CLOCK_SKEW_MS),
    notAfter: new Date(options.now + (options.ttlMs ?? TEN_YEARS_MS)),
  };
}
