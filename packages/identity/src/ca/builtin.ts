import type { ResourceDraft } from '@mesh/core';
import { builtinCaSecretNames, type CertificateAuthorityBackend, isObject, parseExpiration } from '@mesh/resources';
import { CLOCK_SKEW_MS } from '../clock-skew.js';
import { secretDraft } from '../secrets/drafts.js';
import { issueCertificate, KEY_USAGE, newPrivateKey } from '../x509/issue.js';
import { privateKeyPem } from '../x509/pem.js';

/** A CA as it is stored: PEM of the certificate and of the key. */
export interface CaPair {
  readonly certPem: string;
  /** PKCS#1 for RSA keys, PKCS#8 for others. */
  readonly keyPem: string;
}

const TEN_YEARS_MS = 87_600 * 3_600_000;
const RSA_BITS = 2048;

export interface RootOptions {
  /** Common name; `O=Kuma,OU=Mesh` stand before it. */
  readonly commonName: string;
  /** URI the root may issue for (`spiffe://<mesh>`). */
  readonly uri?: string;
  readonly now: number;
  readonly ttlMs?: number;
  /** RSA, as Kuma's are, unless said. */
  readonly keyType?: 'ecdsa' | 'rsa';
  readonly rsaBits?: number;
}

/** A new self-signed root, for signing certificates and revocation lists only. */
export async function createRoot(options: RootOptions): Promise<CaPair> {
  const key = await newPrivateKey(options.keyType === 'ecdsa' ? 'ecdsa' : { rsaBits: options.rsaBits ?? RSA_BITS });
  const certPem = await issueCertificate({
    issuer: { key },
    subjectKey: key,
    subject: `O=Kuma, OU=Mesh, CN=${options.commonName}`,
    altNames: options.uri ? [{ type: 'url', value: options.uri }] : [],
    altNamesCritical: false,
    isCa: true,
    keyUsages: KEY_USAGE.keyCertSign | KEY_USAGE.cRLSign,
    notBefore: new Date(options.now - CLOCK_SKEW_MS),
    notAfter: new Date(options.now + (options.ttlMs ?? TEN_YEARS_MS)),
  });
  return { certPem, keyPem: privateKeyPem(key) };
}

export interface BuiltinCaOptions {
  readonly mesh: string;
  readonly backend: CertificateAuthorityBackend;
  readonly now: number;
}

/** The root of a mesh for a backend of type `builtin` (contract/dataplane.md §2.6): 10 years, RSA-2048, unless `conf.caCert` says otherwise. */
export async function createBuiltinCa({ mesh, backend, now }: BuiltinCaOptions): Promise<CaPair> {
  const conf = isObject(backend.conf?.caCert) ? backend.conf.caCert : {};
  const ttlMs = typeof conf.expiration === 'string' && conf.expiration !== '' ? parseExpiration(conf.expiration) : undefined;
  const rsaBits = Number(conf.RSAbits) || undefined;
  return createRoot({
    commonName: mesh,
    uri: `spiffe://${mesh}`,
    now,
    ...(ttlMs ? { ttlMs } : {}),
    ...(rsaBits ? { rsaBits: Math.max(rsaBits, RSA_BITS) } : {}),
  });
}

/** The two secrets that hold a builtin CA. */
export async function builtinCaSecrets(options: BuiltinCaOptions): Promise<readonly ResourceDraft[]> {
  const pair = await createBuiltinCa(options);
  const names = builtinCaSecretNames(options.mesh, options.backend.name ?? '');
  return [secretDraft(options.mesh, names.cert, pair.certPem), secretDraft(options.mesh, names.key, pair.keyPem)];
}
