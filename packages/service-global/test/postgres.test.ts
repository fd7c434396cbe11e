import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@mesh/store-postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { copyOf, eventually, startGlobal, startZone, WorkDir } from './deployment.fixture.js';

const author = { name: 'test' };
const dataplane = {
  kind: 'Dataplane',
  mesh: 'default',
  name: 'web-1',
  spec: { networking: { address: '10.0.0.1', inbound: [{ port: 8080, tags: { 'kuma.io/service': 'web' } }] } },
};

describe('KDS between control planes on Postgres', () => {
  let dir: WorkDir;
  let dataDir: string;
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    dir = await WorkDir.make();
    dataDir = await mkdtemp(join(tmpdir(), 'mesh-kds-pg-'));
    postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, 'data'), temporary: true, databases: ['global', 'zone'] });
  }, 60_000);

  afterAll(async () => {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
    await dir.close();
  });

  const env = (database: string): Record<string, string> => ({
    KUMA_STORE_TYPE: 'postgres',
    KUMA_STORE_POSTGRES_HOST: postgres.host,
    KUMA_STORE_POSTGRES_PORT: String(postgres.port),
    KUMA_STORE_POSTGRES_USER: postgres.user,
    KUMA_STORE_POSTGRES_PASSWORD: postgres.password,
    KUMA_STORE_POSTGRES_DB_NAME: database,
    KUMA_STORE_POSTGRES_AUTO_MIGRATE: 'true',
  });

  it('survives the restart of both, sends nothing twice, and carries what was removed meanwhile', async () => {
    const g1 = await startGlobal(dir, { env: env('global') });
    const z1 = await startZone(dir, { name: 'zone-1', port: g1.port, env: env('zone') });
    await eventually(z1.opened, () => z1.opened.view.find('Mesh', '', 'default'));
    await g1.opened.controlPlane.put({ draft: { kind: 'Mesh', mesh: '', name: 'goes', spec: {} }, author });
    await eventually(z1.opened, () => copyOf(z1.opened, 'Mesh', 'goes'));
    await z1.opened.controlPlane.put({ draft: dataplane, author });
    await eventually(g1.opened, () => copyOf(g1.opened, 'Dataplane', 'web-1'));
    await z1.sync.firstSync;
    await z1.stop();
    await g1.opened.controlPlane.delete({ key: { kind: 'Mesh', mesh: '', name: 'goes' }, author });
    const before = g1.opened.view.listSorted('Dataplane');
    await g1.stop();

    const g2 = await startGlobal(dir, { env: env('global'), port: g1.port });
    const z2 = await startZone(dir, { name: 'zone-1', port: g2.port, env: env('zone') });
    await z2.sync.firstSync;
    await eventually(z2.opened, () => !copyOf(z2.opened, 'Mesh', 'goes'));
    await z2.opened.controlPlane.put({ draft: { ...dataplane, name: 'web-2' }, author });
    await eventually(g2.opened, () => copyOf(g2.opened, 'Dataplane', 'web-2'));
    expect(g2.opened.view.find('Dataplane', 'default', before[0]?.meta.name ?? '')).toEqual(before[0]);
    // Counted once the transaction is through, which the view may hear of first.
    const onceStored = /kds_received_resources_total\{[^}]*resource_type="Dataplane",result="stored"[^}]*\} 1\n/;
    await vi.waitFor(async () => expect(await g2.metrics.text()).toMatch(onceStored), { timeout: 10_000, interval: 10 });
    await z2.stop();
    await g2.stop();
  }, 60_000);
});
