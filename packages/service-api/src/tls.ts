import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MeshError, messageOf } from '@mesh/core';
import type { ApiTls } from '@mesh/http-api';
import { type KumaConfig, serverCertificate, tlsBounds } from '@mesh/runtime';

/** Certificate, bounds and client CAs of the HTTPS listener (contract/rest-api.md §1); undefined where it is off. */
export async function apiTls(config: KumaConfig): Promise<ApiTls | undefined> {
  const { https, auth, authn } = config.apiServer;
  if (!https.enabled) return undefined;
  const { cert, key } = await serverCertificate(config, { certFile: https.tlsCertFile, keyFile: https.tlsKeyFile });
  const wantsClients = https.requireClientCert || authn.type === 'adminClientCerts';
  return {
    cert: cert.toString(),
    key: key.toString(),
    ...(wantsClients ? { clientCas: clientCas(https.tlsCaFile, auth.clientCertsDir) } : {}),
    requireClientCert: https.requireClientCert,
    ...tlsBounds(https),
  };
}

function clientCas(caFile: string, directory: string): string[] {
  const files = caFile === '' ? [] : [caFile];
  try {
    if (directory !== '') {
      const names = readdirSync(directory).filter((name) => name.endsWith('.pem') || name.endsWith('.crt'));
      files.push(...names.sort().map((name) => join(directory, name)));
    }
    return files.map((file) => readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new MeshError('invalid', { public: `cannot read the certificates of API clients: ${messageOf(cause)}`, cause });
  }
}
