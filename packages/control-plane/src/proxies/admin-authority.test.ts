import { X509Certificate } from 'node:crypto';
import { ResourceView } from '@mesh/core';
import { createSystemCa, ENVOY_ADMIN_CA, globalSecretDraft } from '@mesh/identity';
import { beforeAll, describe, expect, it } from 'vitest';
import { WritableView } from '../../test/proxies.fixture.js';
import { AdminAuthority } from './admin-authority.js';

let secrets: string[];

beforeAll(async () => {
  secrets = await Promise.all(['one', 'other'].map((name) => createSystemCa(name, Date.now())));
});

function authorityOf(secret: string, address: string) {
  const dataplane = { kind: 'Dataplane', mesh: 'default', name: 'a', spec: { networking: { address } } };
  const { view } = new WritableView([dataplane, globalSecretDraft(ENVOY_ADMIN_CA, Buffer.from(secret))]);
  const proxy = view.get(dataplane);
  if (!proxy) throw new Error('the view lacks the proxy');
  return { authority: new AdminAuthority(view), proxy };
}

function tlsOf(secret: string, address = '10.0.0.1') {
  const { authority, proxy } = authorityOf(secret, address);
  const tls = authority.serverTls(proxy);
  if (!tls) throw new Error('there is no CA');
  return tls;
}

describe('the certificate of an admin listener', () => {
  it('is as good as any other of the same authority for the same address, also of another process', () => {
    const [one = '', other = ''] = secrets;
    const { version } = tlsOf(one);
    expect(tlsOf(one).version).toBe(version);
    expect(tlsOf(one, '10.0.0.2').version).not.toBe(version);
    expect(tlsOf(other).version).not.toBe(version);
  });

  it('is of the authority, and for the address', () => {
    const { certPem, caPem } = tlsOf(secrets[0] ?? '').make();
    const certificate = new X509Certificate(certPem);
    expect(certificate.verify(new X509Certificate(caPem).publicKey)).toBe(true);
    expect(certificate.checkIP('10.0.0.1')).toBe('10.0.0.1');
  });

  it('is given to nobody else once it was taken, though it was made beforehand', async () => {
    const { authority, proxy } = authorityOf(secrets[0] ?? '', '10.0.0.1');
    await authority.prepare(proxy);
    const first = authority.serverTls(proxy)?.make();
    expect(authority.serverTls(proxy)?.make().keyPem).not.toBe(first?.keyPem);
  });

  it('is not there without an authority', () => {
    const { proxy } = authorityOf(secrets[0] ?? '', '10.0.0.1');
    expect(new AdminAuthority(new ResourceView()).serverTls(proxy)).toBeUndefined();
  });
});
