import { join } from 'node:path';
import { connect, type SecureVersion } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { startGlobal, useScope } from './deployment.fixture.js';

/** For a certificate of either sort of key; a server that chooses by itself takes AES. */
const CIPHERS = ['ECDSA', 'RSA'].map((key) => `TLS_ECDHE_${key}_WITH_CHACHA20_POLY1305_SHA256`);
/** That of all servers wins where it is not empty, as in Kuma. */
const OWN = { KUMA_GENERAL_TLS_MIN_VERSION: '' };

/** The version and cipher that are spoken with a client that knows versions up to `maxVersion`, or why none is. */
function spoken(port: number, maxVersion: SecureVersion): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'], maxVersion }, () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().standardName}`);
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
  });
}

describe.each([false, true])('TLS of the port of zones (client certificates: %s)', (asksForCertificates) => {
  const scope = useScope();
  const start = async (env: Record<string, string>): Promise<number> => {
    const ca = { KUMA_MULTIZONE_GLOBAL_KDS_AUTH_CLIENT_CA_FILE: join(scope.dir.path, 'kuma-cp.crt') };
    const global = await startGlobal(scope.dir, { env: { ...env, ...(asksForCertificates ? ca : {}) } });
    scope.running.push(global);
    return global.port;
  };

  it('is 1.2 and 1.3 unless said otherwise', async () => {
    const port = await start({});
    expect(await spoken(port, 'TLSv1.3')).toMatch(/^TLSv1.3 /);
    expect(await spoken(port, 'TLSv1.2')).toMatch(/^TLSv1.2 /);
  });

  it('has the lowest version of tlsMinVersion', async () => {
    const port = await start({ ...OWN, KUMA_MULTIZONE_GLOBAL_KDS_TLS_MIN_VERSION: 'TLSv1_3' });
    expect(await spoken(port, 'TLSv1.3')).toMatch(/^TLSv1.3 /);
    expect(await spoken(port, 'TLSv1.2')).toMatch(/PROTOCOL_VERSION/);
  });

  it('has the highest version of tlsMaxVersion, and the ciphers of tlsCipherSuites', async () => {
    const port = await start({
      KUMA_MULTIZONE_GLOBAL_KDS_TLS_MAX_VERSION: 'TLSv1_2',
      KUMA_MULTIZONE_GLOBAL_KDS_TLS_CIPHER_SUITES: CIPHERS.join(','),
    });
    expect(CIPHERS.map((cipher) => `TLSv1.2 ${cipher}`)).toContain(await spoken(port, 'TLSv1.3'));
  });
});
