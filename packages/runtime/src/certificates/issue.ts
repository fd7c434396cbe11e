import 'reflect-metadata';
import { createPrivateKey, createPublicKey, generateKeyPair, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const ALGORITHMS = {
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;
const VALID_MS = 10 * 365 * 24 * 3_600_000;
const BACKDATE_MS = 3_600_000;

export interface IssueOptions {
  /** PEM of the key the certificate is for. */
  readonly key: string;
  /** Distinguished name; may be empty. */
  readonly subject: string;
  /** PEM of the issuing key and its name; absent: self-signed. */
  readonly issuer?: { readonly key: string; readonly name: string };
  readonly isCa: boolean;
  readonly usages: ReadonlyArray<'serverAuth' | 'clientAuth'>;
  /** Host names and addresses; none: no SAN. */
  readonly hosts?: readonly string[];
}

/** A new key as PKCS#8 PEM: RSA-2048 as Kuma makes it, or P-256, which is made and signs in no time. */
export async function makeKey(type: 'rsa' | 'ec'): Promise<string> {
  const { privateKey } =
    type === 'rsa'
      ? await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
      : await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** A certificate of ten years as PEM. */
export async function issue(options: IssueOptions): Promise<string> {
  const own = await importKeys(options.key);
  const signer = options.issuer ? await importKeys(options.issuer.key) : own;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: options.subject,
    issuer: options.issuer?.name ?? options.subject,
    notBefore: new Date(Date.now() - BACKDATE_MS),
    notAfter: new Date(Date.now() + VALID_MS),
    publicKey: own.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: signer.algorithm,
    extensions: await extensions(options, { own: own.publicKey, signer: signer.publicKey }),
  });
  return `${certificate.toString('pem')}\n`;
}

/** Names and addresses of this machine: what a server certificate must cover. */
export function localHosts(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const ips = addresses.map(({ address }) => address.split('%')[0] ?? address);
  return [...new Set([hostname(), 'localhost', '127.0.0.1', '::1', ...ips])].filter((host) => host !== '');
}

async function extensions(
  options: IssueOptions,
  keys: { own: webcrypto.CryptoKey; signer: webcrypto.CryptoKey },
): Promise<x509.Extension[]> {
  const usage =
    x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment | (options.isCa ? x509.KeyUsageFlags.keyCertSign : 0);
  const names = (options.hosts ?? []).map((host): x509.JsonGeneralName => ({ type: isIP(host) ? 'ip' : 'dns', value: host }));
  return [
    new x509.BasicConstraintsExtension(options.isCa, undefined, true),
    new x509.KeyUsagesExtension(usage, true),
    ...(options.usages.length > 0
      ? [
          new x509.ExtendedKeyUsageExtension(
            options.usages.map((use) => x509.ExtendedKeyUsage[use]),
            false,
          ),
        ]
      : []),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names, options.subject === '')] : []),
    await x509.SubjectKeyIdentifierExtension.create(keys.own),
    await x509.AuthorityKeyIdentifierExtension.create(keys.signer),
  ];
}

interface Keys {
  readonly algorithm: (typeof ALGORITHMS)[keyof typeof ALGORITHMS];
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

async function importKeys(pem: string): Promise<Keys> {
  const key = createPrivateKey(pem);
  const algorithm = ALGORITHMS[key.asymmetricKeyType === 'ec' ? 'ec' : 'rsa'];
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const publicKey = await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']);
  return { algorithm, privateKey, publicKey };
}

/** 127 random bits, positive. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
}
