import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { postgresUser } from '../src/embedded/user.js';
import { type EmbeddedPostgres, PostgresResourceStore, type PostgresTlsConfig, startEmbeddedPostgres } from '../src/index.js';
import { Relay } from './relay.js';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

async function selfSigned(...names: readonly string[]): Promise<{ cert: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${names[0]}`,
    keys,
    signingAlgorithm: EC,
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { cert: certificate.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` };
}

describe('connections over TLS', () => {
  let directory: string;
  let postgres: EmbeddedPostgres;
  const file = (name: string): string => join(directory, name);

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mesh-pg-tls-'));
    chmodSync(directory, 0o755);
    const own = await selfSigned('db.example', 'localhost');
    for (const [name, text] of Object.entries({
      'db.crt': own.cert,
      'db.key': own.key,
      'stranger.crt': (await selfSigned('db.example')).cert,
    })) {
      writeFileSync(file(name), text, { mode: name.endsWith('.key') ? 0o600 : 0o644 });
      const { uid, gid } = postgresUser();
      if (uid !== undefined && gid !== undefined) chownSync(file(name), uid, gid);
    }
    const settings = { ssl: 'on', ssl_cert_file: file('db.crt'), ssl_key_file: file('db.key'), ssl_ca_file: file('db.crt') };
    postgres = await startEmbeddedPostgres({ dataDir: file('data'), temporary: true, databases: ['kuma'], settings });
  });
  afterAll(async () => {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Whether the session of an opened store is encrypted, or why it could not be opened. */
  async function outcome(tls: Partial<PostgresTlsConfig>, at: { host?: string; port?: number } = {}): Promise<string> {
    const { host, port, user, password } = postgres;
    const config = {
      host,
      port,
      ...at,
      user,
      password,
      dbName: 'kuma',
      autoMigrate: true,
      tls: { mode: 'disable', certPath: '', keyPath: '', caPath: '', ...tls } as const,
    };
    try {
      await (await PostgresResourceStore.open({ config })).close();
      return 'ok';
    } catch (error) {
      return (error as Error).message;
    }
  }

  it('are made without checks in mode verifyNone', async () => {
    expect(await outcome({ mode: 'verifyNone' })).toBe('ok');
  });

  it('check the issuer but not the name in mode verifyCa', async () => {
    expect(await outcome({ mode: 'verifyCa', caPath: file('db.crt') })).toBe('ok');
    expect(await outcome({ mode: 'verifyCa', caPath: file('stranger.crt') })).toMatch(/certificate|signature/i);
  });

  it('check the name as well in mode verifyFull', async () => {
    expect(await outcome({ mode: 'verifyFull', caPath: file('db.crt') })).toMatch(/IP|Host|altnames/);
    expect(await outcome({ mode: 'verifyFull', caPath: file('db.crt') }, { host: 'localhost' })).toBe('ok');
    expect(await outcome({ mode: 'verifyFull', caPath: file('stranger.crt') }, { host: 'localhost' })).toMatch(/certificate|signature/i);
  });

  it.each([
    [false, true],
    [true, false],
  ])('with disableSSLSNI %s name the server when they begin: %s; its certificate is checked either way', async (disableSSLSNI, named) => {
    let begun = '';
    const relay = await Relay.start(postgres, {
      toServer: (chunk) => {
        begun += chunk.toString('latin1');
        return true;
      },
    });
    const tls = { mode: 'verifyFull', caPath: file('db.crt'), disableSSLSNI } as const;
    expect(await outcome(tls, { host: 'localhost', port: relay.port })).toBe('ok');
    expect(begun.includes('localhost')).toBe(named);
    expect(await outcome({ ...tls, caPath: file('stranger.crt') }, { host: 'localhost' })).toMatch(/certificate|signature/i);
    await relay.stop();
  });

  it('show the certificate of the client where the server asks for one', async () => {
    const hba = join(postgres.dataDir, 'pg_hba.conf');
    const before = readFileSync(hba, 'utf8');
    writeFileSync(hba, 'hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n');
    process.kill(postgres.pid, 'SIGHUP');
    const tls = { mode: 'verifyCa', caPath: file('db.crt') } as const;
    await vi.waitFor(async () => expect(await outcome(tls)).toMatch(/client certificate/), { timeout: 10_000, interval: 50 });
    expect(await outcome({ ...tls, certPath: file('db.crt'), keyPath: file('db.key') })).toBe('ok');
    writeFileSync(hba, before);
    process.kill(postgres.pid, 'SIGHUP');
  });

  it('name the file that cannot be read', async () => {
    expect(await outcome({ mode: 'verifyCa', caPath: '/nowhere.pem' })).toContain('/nowhere.pem');
  });
});
