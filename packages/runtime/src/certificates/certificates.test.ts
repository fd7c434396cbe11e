import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/index.js';
import { ensureCertificates } from './index.js';

describe('ensureCertificates', () => {
  let scratch: string;
  let workDir: string;
  const config = () => loadConfig({ env: { KUMA_GENERAL_WORK_DIR: workDir } }).config;
  const read = (name: string): string => readFileSync(join(workDir, name), 'utf8');

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'mesh-certs-'));
    workDir = join(scratch, 'work');
  });
  afterEach(() => rmSync(scratch, { recursive: true }));

  it('makes a server pair that TLS clients accept as its own CA', async () => {
    await ensureCertificates(config());
    const cert = new X509Certificate(read('kuma-cp.crt'));
    expect(cert.ca).toBe(true);
    expect(cert.subject).toBeFalsy();
    expect(cert.checkHost('localhost')).toBe('localhost');
    expect(cert.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(cert.checkPrivateKey(createPrivateKey(read('kuma-cp.key')))).toBe(true);
    expect(Date.parse(cert.validTo) - Date.now()).toBeGreaterThan(9 * 365 * 24 * 3_600_000);
    expect(await handshake({ cert: read('kuma-cp.crt'), key: read('kuma-cp.key') }, { ca: read('kuma-cp.crt'), host: 'localhost' })).toBe(
      'ok',
    );
  });

  it('makes a key that signs in no time, or that of Kuma where somebody chose cipher suites', async () => {
    await ensureCertificates(config());
    expect(createPrivateKey(read('kuma-cp.key')).asymmetricKeyType).toBe('ec');
    const other = join(scratch, 'other');
    const env = { KUMA_GENERAL_WORK_DIR: other, KUMA_DP_SERVER_TLS_CIPHER_SUITES: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384' };
    await ensureCertificates(loadConfig({ env }).config);
    expect(createPrivateKey(readFileSync(join(other, 'kuma-cp.key'))).asymmetricKeyType).toBe('rsa');
  });

  it('makes a pair for both ends of internal connections, and refuses a stranger', async () => {
    await ensureCertificates(config());
    const own = { ca: read('internal-ca.crt'), cert: read('internal.crt'), key: read('internal.key') };
    const server = { ...own, requestCert: true, rejectUnauthorized: true };
    expect(await handshake(server, { ...own, host: '127.0.0.1' })).toBe('ok');
    const stranger = { ca: own.ca, cert: read('kuma-cp.crt'), key: read('kuma-cp.key'), host: '127.0.0.1' };
    expect(await handshake(server, stranger)).not.toBe('ok');
  });

  it('keeps keys to the owner and reuses them', async () => {
    await ensureCertificates(config());
    expect(statSync(workDir).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(workDir)) expect(statSync(join(workDir, name)).mode & 0o777).toBe(0o600);
    const before = readdirSync(workDir).map(read);
    await ensureCertificates(config());
    expect(readdirSync(workDir).map(read)).toEqual(before);
  });

  it('gives processes that start at once matching files', async () => {
    await Promise.all(Array.from({ length: 6 }, () => ensureCertificates(config())));
    expect(readdirSync(workDir).sort()).toEqual([
      'internal-ca.crt',
      'internal-ca.key',
      'internal.crt',
      'internal.key',
      'kuma-cp.crt',
      'kuma-cp.key',
    ]);
    expect(new X509Certificate(read('kuma-cp.crt')).checkPrivateKey(createPrivateKey(read('kuma-cp.key')))).toBe(true);
    const internal = new X509Certificate(read('internal.crt'));
    expect(internal.checkPrivateKey(createPrivateKey(read('internal.key')))).toBe(true);
    expect(internal.verify(new X509Certificate(read('internal-ca.crt')).publicKey)).toBe(true);
  });

  it('says which file cannot be made, and what to check', async () => {
    workDir = '/dev/null/nowhere';
    await expect(ensureCertificates(config())).rejects.toMatchObject({
      code: 'invalid',
      hint: expect.stringContaining('KUMA_GENERAL_WORK_DIR'),
    });
  });
});

/** `ok`, or why a TLS connection failed; the server says a word so that its verdict on the client is seen. */
function handshake(serverOptions: object, clientOptions: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer(serverOptions, (socket) => socket.end('hello'));
    const finish = (verdict: string): void => {
      server.close();
      resolve(verdict);
    };
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const client: TLSSocket = connect({
        ...clientOptions,
        port,
        ...(clientOptions.host === 'localhost' ? { servername: 'localhost' } : {}),
      });
      client.once('data', () => finish('ok'));
      client.once('error', (error) => finish(error.message));
      client.once('close', () => finish('closed'));
    });
  });
}
