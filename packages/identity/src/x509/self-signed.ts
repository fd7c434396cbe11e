import { isIP } from 'node:net';
import type { CaPair } from '../ca/builtin.js';
import { CLIENT_AUTH, issueCertificate, KEY_USAGE, newPrivateKey, SERVER_AUTH } from './issue.js';

const TEN_YEARS_MS = 3_650 * 24 * 3_600_000;
/** How far a certificate reaches back, so that clocks may differ a little. */
const BACKDATE_MS = 300_000;

export interface SelfSignedOptions {
  readonly usage: 'server' | 'client';
  /** Host names and IP addresses it is for. */
  readonly hosts: readonly string[];
  readonly keyType: 'rsa' | 'ecdsa';
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A certificate that signs itself, for ten years: `kumactl generate tls-certificate` (contract/rest-api.md §5). */
export async function createSelfSigned(options: SelfSignedOptions): Promise<CaPair> {
  const { usage, hosts, keyType, now } = options;
  const key = await newPrivateKey(keyType === 'ecdsa' ? 'ecdsa' : { rsaBits: 2048 });
  const certPem = await issueCertificate({
    issuer: { key },
    subjectKey: key,
    subject: '',
    altNames: hosts.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value })),
    altNamesCritical: true,
    isCa: true,
    keyUsages: KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment | KEY_USAGE.keyCertSign,
    extendedKeyUsages: [usage === 'server' ? SERVER_AUTH : CLIENT_AUTH],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + TEN_YEARS_MS),
  });
  const type = keyType === 'rsa' ? 'pkcs1' : 'sec1';
  return { certPem, keyPem: key.export({ type: type as 'pkcs8', format: 'pem' }) as string };
}
