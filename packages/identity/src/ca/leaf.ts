import { parseExpiration } from '@mesh/resources';
import { CLOCK_SKEW_MS } from '../clock-skew.js';
import { CLIENT_AUTH, KEY_USAGE, newKeyPair, newKeyPairNow, SERVER_AUTH } from '../x509/issue.js';
import { issueLeafCertificate, issueLeafCertificateNow, type LeafCertificateRequest } from '../x509/issue-leaf.js';
import { privateKeyPem } from '../x509/pem.js';
import type { MeshCa } from './mesh-ca.js';

const DAY_MS = 86_400_000;

export interface LeafRequest {
  /** Values of `kuma.io/service`; the first is the main one. */
  readonly services: readonly string[];
  /** Every value of every tag. */
  readonly tags: Readonly<Record<string, readonly string[]>>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Lifetime; the CA's `dpCert.rotation.expiration`, else 24 hours, unless said. */
  readonly ttlMs?: number;
  readonly keyType?: 'ecdsa' | 'rsa';
}

/** A certificate for a proxy, with its key. */
export interface Leaf {
  readonly certPem: string;
  readonly keyPem: string;
  /** When its life began, in milliseconds since the epoch; it says it is valid from before, for clocks that are behind. */
  readonly issuedAt: number;
  readonly notAfter: number;
  readonly spiffeIds: readonly string[];
}

/** When a certificate ends that is issued at a time, in milliseconds since the epoch: after what its CA says, and never after that. */
export function leafNotAfter(ca: MeshCa, issuedAt: number): number {
  const ttlMs = (ca.leafTtl ? parseExpiration(ca.leafTtl) : undefined) ?? DAY_MS;
  return Math.min(issuedAt + ttlMs, Date.parse(ca.certificate.validTo));
}

/**
 * Issues the certificate of a proxy (contract/dataplane.md §2.6): `spiffe://<mesh>/<service>` for
 * each service, then `kuma://<tag>/<value>` for each tag, sorted. It never outlives its issuer.
 */
export async function issueLeaf(ca: MeshCa, request: LeafRequest): Promise<Leaf> {
  const { privateKey, publicKey } = await newKeyPair(request.keyType === 'rsa' ? { rsaBits: 2048 } : 'ecdsa');
  const fields = leafFields(ca, request);
  return leafOf(fields, { certPem: await issueLeafCertificate({ ...fields.certificate, publicKey }), keyPem: privateKeyPem(privateKey) });
}

/** As `issueLeaf` with ECDSA, at once: a millisecond of the main thread, where nobody can wait. */
export function issueLeafNow(ca: MeshCa, request: Omit<LeafRequest, 'keyType'>): Leaf {
  const { privateKey, publicKey } = newKeyPairNow();
  const fields = leafFields(ca, request);
  return leafOf(fields, { certPem: issueLeafCertificateNow({ ...fields.certificate, publicKey }), keyPem: privateKeyPem(privateKey) });
}

interface LeafFields extends Pick<Leaf, 'issuedAt' | 'notAfter' | 'spiffeIds'> {
  readonly certificate: Omit<LeafCertificateRequest, 'publicKey'>;
}

function leafOf({ issuedAt, notAfter, spiffeIds }: LeafFields, pair: Pick<Leaf, 'certPem' | 'keyPem'>): Leaf {
  return { ...pair, issuedAt, notAfter, spiffeIds };
}

function leafFields(ca: MeshCa, { now, ttlMs, services, tags }: LeafRequest): LeafFields {
  const notAfter = ttlMs === undefined ? leafNotAfter(ca, now) : Math.min(now + ttlMs, Date.parse(ca.certificate.validTo));
  const spiffeIds = [...new Set(services)].map((service) => `spiffe://${ca.mesh}/${service}`);
  const certificate = {
    issuer: { key: ca.key, certificate: ca.certificate },
    altNames: [...spiffeIds, ...tagUris(tags)].map((value) => ({ type: 'url', value }) as const),
    keyUsages: KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment | KEY_USAGE.keyAgreement,
    extendedKeyUsages: [SERVER_AUTH, CLIENT_AUTH],
    notBefore: new Date(now - CLOCK_SKEW_MS),
    notAfter: new Date(notAfter),
  };
  return { issuedAt: now, notAfter, spiffeIds, certificate };
}

function tagUris(tags: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.keys(tags)
    .sort()
    .flatMap((tag) => [...new Set(tags[tag])].sort().map((value) => `kuma://${tag}/${value}`));
}
