import { join } from 'node:path';
import type { KumaConfig } from '../config/index.js';
import { readOrMake } from './files.js';
import { issue, localHosts, makeKey } from './issue.js';

const INTERNAL_CA_NAME = 'CN=mesh internal CA';

/**
 * Makes the certificates that are missing and were not configured (contract/kds.md §4 "Auto TLS"):
 * `kuma-cp.crt` and `.key` for every TLS server, and `internal-ca`, `internal` for the services
 * among themselves. Made once in the work directory and reused; safe when processes start at once,
 * as each file has one winner and what depends on a key is made from the key that won.
 */
export async function ensureCertificates(config: KumaConfig): Promise<void> {
  const { workDir, tlsCertFile, tlsKeyFile } = config.general;
  if (tlsCertFile === join(workDir, 'kuma-cp.crt')) {
    await ensureServerPair({ certFile: tlsCertFile, keyFile: tlsKeyFile }, namesCipherSuites(config) ? 'rsa' : 'ec');
  }
  const internal = config.internal.tls;
  if (internal.caFile === join(workDir, 'internal-ca.crt')) {
    await ensureInternal({ ...internal, caKeyFile: join(workDir, 'internal-ca.key') });
  }
}

/** Suites of TLS 1.2 are for one sort of key: those that somebody chose are for that of Kuma's certificates. */
function namesCipherSuites({ general, apiServer, diagnostics, monitoringAssignmentServer, dpServer, multizone }: KumaConfig): boolean {
  const servers = [general, apiServer.https, diagnostics, monitoringAssignmentServer, dpServer, multizone.global.kds];
  return servers.some(({ tlsCipherSuites }) => tlsCipherSuites.length > 0);
}

/** A handshake with an RSA key costs the server half a millisecond more, and a fleet that comes back makes thousands. */
async function ensureServerPair(files: { certFile: string; keyFile: string }, keyType: 'rsa' | 'ec'): Promise<void> {
  const key = await readOrMake(files.keyFile, () => makeKey(keyType));
  await readOrMake(files.certFile, () => issue({ key, subject: '', isCa: true, usages: ['serverAuth'], hosts: localHosts() }));
}

async function ensureInternal(files: { caFile: string; caKeyFile: string; certFile: string; keyFile: string }): Promise<void> {
  const caKey = await readOrMake(files.caKeyFile, () => makeKey('ec'));
  await readOrMake(files.caFile, () => issue({ key: caKey, subject: INTERNAL_CA_NAME, isCa: true, usages: [] }));
  const key = await readOrMake(files.keyFile, () => makeKey('ec'));
  await readOrMake(files.certFile, () =>
    issue({
      key,
      subject: 'CN=mesh internal',
      issuer: { key: caKey, name: INTERNAL_CA_NAME },
      isCa: false,
      usages: ['serverAuth', 'clientAuth'],
      hosts: localHosts(),
    }),
  );
}
