import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { MeshError } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { createSelfSignedServer, createSystemCa, issueClientCertificate, issueServerCertificate, readSystemCa } from './admin.js';

const NOW = Date.now();

function textOf(pem: string): string {
  return execFileSync('openssl', ['x509', '-noout', '-text'], { input: pem }).toString();
}

describe('the CA of Envoy admin endpoints', async () => {
  const content = await createSystemCa('Envoy Admin CA', NOW);
  const ca = readSystemCa(Buffer.from(content));

  it('is stored as the certificate and its key, one after the other', () => {
    expect([...content.matchAll(/-----BEGIN ([A-Z ]+)-----/g)].map(([, name]) => name)).toEqual(['CERTIFICATE', 'PRIVATE KEY']);
    expect(textOf(ca.certPem)).toContain('Subject: O = Kuma, OU = Mesh, CN = Envoy Admin CA');
  });

  it('issues certificates for proxies by address and for the control plane by name', async () => {
    const server = await issueServerCertificate(ca, { hosts: ['10.77.0.2', 'fd00::1'], now: NOW });
    const client = await issueClientCertificate(ca, { hosts: ['kuma-cp'], now: NOW });
    expect(textOf(server.certPem)).toMatch(/Subject Alternative Name: critical\s+IP Address:10.77.0.2, IP Address:FD00:0:0:0:0:0:0:1/);
    expect(textOf(server.certPem)).toContain('TLS Web Server Authentication');
    expect(textOf(client.certPem)).toMatch(/Subject Alternative Name: critical\s+DNS:kuma-cp/);
    expect(textOf(client.certPem)).toContain('TLS Web Client Authentication');
    for (const { certPem } of [server, client]) {
      expect(new X509Certificate(certPem).verify(new X509Certificate(ca.certPem).publicKey)).toBe(true);
    }
  });

  it('is refused where the secret holds something else', () => {
    expect(() => readSystemCa(Buffer.from('nothing'))).toThrow(MeshError);
  });
});

it('a self-signed server certificate is its own CA for clients that trust it alone', async () => {
  const pair = await createSelfSignedServer({ hosts: ['localhost', '127.0.0.1'], now: NOW });
  expect(textOf(pair.certPem)).toMatch(/Basic Constraints: critical\s+CA:TRUE/);
  const server = createServer({ cert: pair.certPem, key: pair.keyPem }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const authorized = await new Promise<boolean>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: pair.certPem, servername: 'localhost' }, () => resolve(socket.authorized));
    socket.on('error', reject);
  });
  server.close();
  expect(authorized).toBe(true);
});
