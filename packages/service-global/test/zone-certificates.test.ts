import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ZoneInsightSpec } from '@mesh/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startGlobal, startZone, type TestGlobal, type TestZone, useScope } from './deployment.fixture.js';

const execute = promisify(execFile);
const openssl = (args: readonly string[]) => execute('openssl', args);

/** Certificates as docs/guides/zones.md makes them. */
class Certificates {
  private constructor(readonly dir: string) {}

  static async make(): Promise<Certificates> {
    const certificates = new Certificates(await mkdtemp(join(tmpdir(), 'mesh-zone-certs-')));
    for (const ca of ['zones', 'strangers']) await certificates.ca(ca);
    return certificates;
  }

  file(name: string): string {
    return join(this.dir, name);
  }

  /** Settings of a zone that shows the certificate of that name. */
  async of(names: string, ca = 'zones'): Promise<Record<string, string>> {
    const base = this.file(`${ca}-${names}`);
    const keys = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${base}.key`, '-out', `${base}.crt`];
    const signed = ['-CA', this.file(`${ca}.crt`), '-CAkey', this.file(`${ca}.key`), '-days', '1'];
    await openssl(['req', '-x509', ...keys, ...signed, '-subj', '/CN=zone', '-addext', `subjectAltName=DNS:${names}`]);
    return { KUMA_MULTIZONE_ZONE_KDS_AUTH_CLIENT_CERT_FILE: `${base}.crt`, KUMA_MULTIZONE_ZONE_KDS_AUTH_CLIENT_KEY_FILE: `${base}.key` };
  }

  private async ca(name: string): Promise<void> {
    const keys = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', this.file(`${name}.key`)];
    await openssl(['req', '-x509', ...keys, '-out', this.file(`${name}.crt`), '-days', '1', '-subj', `/CN=${name}`]);
  }

  remove(): Promise<void> {
    return rm(this.dir, { recursive: true, force: true });
  }
}

describe('a zone that shows a client certificate', () => {
  const scope = useScope();
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await Certificates.make();
  });
  afterAll(() => certificates.remove());

  async function global(type: string): Promise<TestGlobal> {
    const env = {
      KUMA_MULTIZONE_GLOBAL_KDS_AUTH_TYPE: type,
      KUMA_MULTIZONE_GLOBAL_KDS_AUTH_CLIENT_CA_FILE: certificates.file('zones.crt'),
    };
    const started = await startGlobal(scope.dir, { env });
    scope.running.push(started);
    return started;
  }

  async function zone({ port }: TestGlobal, name: string, env: Record<string, string> = {}): Promise<TestZone> {
    const started = await startZone(scope.dir, { name, port, env });
    scope.running.push(started);
    return started;
  }

  const proofOf = ({ opened }: TestGlobal, name: string) =>
    eventually(opened, () => opened.view.find<ZoneInsightSpec>('ZoneInsight', '', name)?.spec.sync?.authentication, `the proof of ${name}`);
  const cpToken = ({ opened }: TestGlobal, name: string) =>
    opened.controlPlane.issueToken({ type: 'zone', zone: name, scope: ['cp'], validForMs: 3_600_000 });

  it('is let in where the global asks for one, and the insight says by what', async () => {
    const at = await global('clientCert');
    const inside = await zone(at, 'zone-1', await certificates.of('zone-1'));
    await inside.sync.firstSync;
    expect(await proofOf(at, 'zone-1')).toBe('client certificate');
  });

  it.each([
    ['none', async () => ({})],
    ['one of another zone', () => certificates.of('zone-2')],
    ['one of a CA that the global does not know', () => certificates.of('zone-1', 'strangers')],
  ])('stays outside with %s, and leaves no trace', async (_, settings) => {
    const at = await global('clientCert');
    const outside = await zone(at, 'zone-1', await settings());
    const good = await zone(at, 'zone-9', await certificates.of('zone-9'));
    await good.sync.firstSync;
    expect(at.opened.view.find('Zone', '', 'zone-1')).toBeUndefined();
    expect(outside.opened.view.find('Mesh', '', 'default')).toBeUndefined();
  });

  it('that names another zone stays outside also where none is needed, while zones without one come in', async () => {
    const at = await global('optional');
    const outside = await zone(at, 'zone-1', await certificates.of('zone-2'));
    const plain = await zone(at, 'zone-9');
    await plain.sync.firstSync;
    expect(await proofOf(at, 'zone-9')).toBe('none');
    expect(outside.opened.view.find('Mesh', '', 'default')).toBeUndefined();
  });

  it('needs its token besides where the global asks for tokens', async () => {
    const at = await global('cpToken');
    const certificate = await certificates.of('zone-1');
    const outside = await zone(at, 'zone-8', await certificates.of('zone-8'));
    const both = await zone(at, 'zone-1', { ...certificate, KUMA_MULTIZONE_ZONE_KDS_AUTH_CP_TOKEN_INLINE: await cpToken(at, 'zone-1') });
    await both.sync.firstSync;
    expect(await proofOf(at, 'zone-1')).toBe('client certificate and zone token');
    expect(outside.opened.view.find('Mesh', '', 'default')).toBeUndefined();
  });
});
