import { type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import * as x509 from '@peculiar/x509';
import { addressBytes, bitString, extension, namedBits, oid, sequence, time, tlv } from './der.js';
import { pemOf, publicKeyDer } from './p256.js';

const signOffThread = promisify(sign);

/** Who signs: a private key and the certificate of its owner. */
export interface LeafIssuer {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

/** A name in a certificate. */
export interface AltName {
  readonly type: 'dns' | 'url' | 'ip';
  readonly value: string;
}

export interface LeafCertificateRequest {
  readonly issuer: LeafIssuer;
  readonly publicKey: KeyObject;
  /** The subject is empty, so that the names are critical (RFC 5280 §4.2.1.6). */
  readonly altNames: readonly AltName[];
  readonly keyUsages: number;
  readonly extendedKeyUsages: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const OID = {
  keyUsage: '2.5.29.15',
  altName: '2.5.29.17',
  constraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37',
} as const;
const SAN_TAG = { dns: 0x82, url: 0x86, ip: 0x87 } as const;
const VERSION_3 = Buffer.from([0xa0, 0x03, 0x02, 0x01, 0x02]);
const INTEGER = 0x02;
const EXTENSIONS = 0xa3;
const NULL = Buffer.from([0x05, 0x00]);

/**
 * Issues a certificate that signs for nobody, as PEM. A fleet that joins needs thousands of them: the bytes are written
 * without an ASN.1 library, what is the same for all of an issuer is read once, and the signature is made off the main thread.
 */
export async function issueLeafCertificate(request: LeafCertificateRequest): Promise<string> {
  const { key } = request.issuer;
  const { digest } = signatureOf(key);
  const body = bodyOf(request);
  return signedPem(body, { key, signature: await signOffThread(digest, body, key) });
}

/** As `issueLeafCertificate`, at once: a tenth of a millisecond where the key of the issuer is ECDSA. */
export function issueLeafCertificateNow(request: LeafCertificateRequest): string {
  const { key } = request.issuer;
  const body = bodyOf(request);
  return signedPem(body, { key, signature: sign(signatureOf(key).digest, body, key) });
}

function bodyOf(request: LeafCertificateRequest): Buffer {
  const { key, certificate } = request.issuer;
  const { name, keyId } = factsOf(certificate);
  const { algorithm } = signatureOf(key);
  return sequence(
    VERSION_3,
    tlv(INTEGER, randomSerial()),
    algorithm,
    name,
    sequence(time(request.notBefore), time(request.notAfter)),
    sequence(),
    publicKeyDer(request.publicKey),
    tlv(EXTENSIONS, sequence(...extensionsOf(request, keyId))),
  );
}

function signedPem(body: Buffer, { key, signature }: { readonly key: KeyObject; readonly signature: Buffer }): string {
  return pemOf('CERTIFICATE', sequence(body, signatureOf(key).algorithm, bitString(signature)));
}

function extensionsOf(request: LeafCertificateRequest, keyId: Buffer | undefined): Buffer[] {
  const names = request.altNames.map(({ type, value }) =>
    tlv(SAN_TAG[type], type === 'ip' ? addressBytes(value) : Buffer.from(value, 'latin1')),
  );
  return [
    extension(OID.keyUsage, { critical: true, value: namedBits(request.keyUsages) }),
    extension(OID.constraints, { critical: true, value: sequence() }),
    extension(OID.extendedUsage, { critical: false, value: sequence(...request.extendedKeyUsages.map(oid)) }),
    ...(keyId ? [extension(OID.authorityKey, { critical: false, value: sequence(tlv(0x80, keyId)) })] : []),
    ...(names.length > 0 ? [extension(OID.altName, { critical: true, value: sequence(...names) })] : []),
  ];
}

interface IssuerFacts {
  /** DER of the issuer's name. */
  readonly name: Buffer;
  readonly keyId: Buffer | undefined;
}

const facts = new WeakMap<X509Certificate, IssuerFacts>();

function factsOf(certificate: X509Certificate): IssuerFacts {
  let known = facts.get(certificate);
  if (!known) {
    const parsed = new x509.X509Certificate(certificate.raw);
    const keyId = parsed.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
    known = { name: Buffer.from(parsed.subjectName.toArrayBuffer()), keyId: keyId === undefined ? undefined : Buffer.from(keyId, 'hex') };
    facts.set(certificate, known);
  }
  return known;
}

const ECDSA: Readonly<Record<string, { readonly oid: string; readonly digest: string }>> = {
  prime256v1: { oid: '1.2.840.10045.4.3.2', digest: 'sha256' },
  secp384r1: { oid: '1.2.840.10045.4.3.3', digest: 'sha384' },
  secp521r1: { oid: '1.2.840.10045.4.3.4', digest: 'sha512' },
};

function signatureOf(key: KeyObject): { algorithm: Buffer; digest: string } {
  if (key.asymmetricKeyType === 'rsa') return { algorithm: sequence(oid('1.2.840.113549.1.1.11'), NULL), digest: 'sha256' };
  const curve = ECDSA[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType !== 'ec' || !curve) throw new Error(`keys of type ${key.asymmetricKeyType} cannot sign certificates here`);
  return { algorithm: sequence(oid(curve.oid)), digest: curve.digest };
}

/** Positive, and without leading zeros. */
function randomSerial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}
