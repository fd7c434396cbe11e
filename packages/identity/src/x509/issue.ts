import 'reflect-metadata';
import { createPublicKey, generateKeyPair, generateKeyPairSync, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import * as x509 from '@peculiar/x509';

type CryptoKey = webcrypto.CryptoKey;

x509.cryptoProvider.set(webcrypto);

const generate = promisify(generateKeyPair);

/** What kind of key pair: RSA of some bits, or ECDSA P-256. */
export type KeyType = 'ecdsa' | { readonly rsaBits: number };

/** A new key pair, made off the main thread. */
export function newKeyPair(type: KeyType): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }> {
  return type === 'ecdsa' ? generate('ec', { namedCurve: 'P-256' }) : generate('rsa', { modulusLength: type.rsaBits });
}

/** A new ECDSA key pair, made at once: that takes a tenth of a millisecond. */
export function newKeyPairNow(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** A new private key. */
export async function newPrivateKey(type: KeyType): Promise<KeyObject> {
  return (await newKeyPair(type)).privateKey;
}

/** Who signs: the owner of the new certificate itself. */
export interface Issuer {
  readonly key: KeyObject;
}

export interface CertificateRequest {
  readonly issuer: Issuer;
  /** Key of the subject, private or public. */
  readonly subjectKey: KeyObject;
  /** `O=Kuma,OU=Mesh,CN=default`; empty where the names are in `altNames`. */
  readonly subject: string;
  readonly altNames: readonly x509.JsonGeneralName[];
  readonly altNamesCritical: boolean;
  readonly isCa: boolean;
  readonly keyUsages: number;
  readonly extendedKeyUsages?: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export const KEY_USAGE = x509.KeyUsageFlags;
export const SERVER_AUTH = x509.ExtendedKeyUsage.serverAuth;
export const CLIENT_AUTH = x509.ExtendedKeyUsage.clientAuth;

/** Issues a certificate that signs itself, as PEM. For those that others sign see `issueLeafCertificate`. */
export async function issueCertificate(request: CertificateRequest): Promise<string> {
  const { issuer } = request;
  const publicKey = await importPublic(request.subjectKey);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: request.subject,
    issuer: request.subject,
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    publicKey,
    signingKey: await importPrivate(issuer.key),
    signingAlgorithm: signingAlgorithm(issuer.key),
    extensions: await extensionsOf(request, publicKey),
  });
  return `${certificate.toString('pem')}\n`;
}

async function extensionsOf(request: CertificateRequest, publicKey: CryptoKey): Promise<x509.Extension[]> {
  const { altNames } = request;
  const extensions: x509.Extension[] = [
    new x509.KeyUsagesExtension(request.keyUsages, true),
    new x509.BasicConstraintsExtension(request.isCa, undefined, true),
  ];
  if (request.extendedKeyUsages) extensions.push(new x509.ExtendedKeyUsageExtension([...request.extendedKeyUsages]));
  if (request.isCa) extensions.push(await x509.SubjectKeyIdentifierExtension.create(publicKey));
  if (altNames.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension([...altNames], request.altNamesCritical));
  return extensions;
}

/** Keys imported once per KeyObject: the key of a CA signs thousands of leaves. */
const imported = new WeakMap<KeyObject, Promise<CryptoKey>>();

function importPrivate(key: KeyObject): Promise<CryptoKey> {
  let promise = imported.get(key);
  if (!promise) {
    const der = key.export({ type: 'pkcs8', format: 'der' });
    promise = webcrypto.subtle.importKey('pkcs8', der, algorithmOf(key), false, ['sign']) as Promise<CryptoKey>;
    imported.set(key, promise);
  }
  return promise;
}

async function importPublic(key: KeyObject): Promise<CryptoKey> {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return (await webcrypto.subtle.importKey('spki', der, algorithmOf(key), true, ['verify'])) as CryptoKey;
}

const CURVES: Readonly<Record<string, { namedCurve: string; hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

function algorithmOf(key: KeyObject): { name: string; hash?: string; namedCurve?: string } {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType === 'ec' && curve) return { name: 'ECDSA', namedCurve: curve.namedCurve };
  throw new Error(`keys of type ${key.asymmetricKeyType} cannot sign certificates here`);
}

/** Whether certificates can be signed with a key: RSA, or ECDSA on P-256, P-384, P-521. */
export function canSign(key: KeyObject): boolean {
  return (
    key.asymmetricKeyType === 'rsa' || (key.asymmetricKeyType === 'ec' && CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''] !== undefined)
  );
}

function signingAlgorithm(key: KeyObject): { name: string; hash: string } {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return { name: 'ECDSA', hash: CURVES[key.asymmetricKeyDetails?.namedCurve ?? '']?.hash ?? 'SHA-256' };
}

function randomSerial(): string {
  const bytes = randomBytes(16);
  // Positive, and without leading zeros.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
