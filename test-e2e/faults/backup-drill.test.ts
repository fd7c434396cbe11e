import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Traffic } from '@mesh/fault-kit';
import { allowAll, type ControlPlaneHandle, type EmbeddedPostgres, startEmbeddedPostgres, type TwoZones, until } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemPostgres } from '../test/config.js';
import { makeWorkDir } from '../test/work-dir.js';
import { type Drill, endpointResponses, proxiesOf, startDrill } from './drill.js';

const DATABASE = 'mesh';
const execute = promisify(execFile);
const binDir = systemPostgres();
if (!binDir) process.stderr.write('SKIPPED: the backup drill needs PostgreSQL with pg_basebackup (MESH_POSTGRES_BIN)\n');

describe.skipIf(!binDir)('a global that is lost with its disk', () => {
  const workDir = makeWorkDir('drill');
  const archive = join(workDir, 'archive');
  const base = join(workDir, 'base');
  let postgres: EmbeddedPostgres;
  let drill: Drill;
  let lab: TwoZones;
  let traffic: Traffic;

  beforeAll(async () => {
    mkdirSync(archive);
    chmodSync(archive, 0o777); // Postgres runs as somebody else
    postgres = await server('first', { archive_mode: 'on', archive_command: `cp %p ${archive}/%f` });
    drill = await startDrill({
      workDir,
      addressBlock: 206,
      store: { global: storeOf(postgres), zone1: { type: 'memory' }, zone2: { type: 'memory' } },
    });
    ({ lab, traffic } = drill);
  });

  afterAll(async () => {
    await drill?.stop();
    await postgres?.stop();
    rmSync(workDir, { recursive: true, force: true });
  });

  function server(name: string, settings: Readonly<Record<string, string>>): Promise<EmbeddedPostgres> {
    return startEmbeddedPostgres({
      dataDir: join(workDir, `postgres-${name}`),
      databases: [DATABASE],
      settings,
      ...(binDir ? { binDir } : {}),
    });
  }

  /** Everything the runbook says, on a database server and at an address of its own. */
  async function restore(): Promise<ControlPlaneHandle> {
    const dataDir = join(workDir, 'postgres-restored');
    await execute('cp', ['-a', base, dataDir]);
    writeFileSync(join(dataDir, 'recovery.signal'), '');
    await execute('chown', ['-R', '--reference', postgres.dataDir, dataDir]);
    chmodSync(dataDir, 0o700);
    rmSync(postgres.dataDir, { recursive: true, force: true });
    postgres = await server('restored', { restore_command: `cp ${archive}/%f %p` });
    const global = await lab.deployment.launchControlPlane({ name: 'global', store: storeOf(postgres), layout: 'services' });
    await lab.deployment.waitForApi(global);
    return global;
  }

  it('comes back from base backup and archived log at another address: zones return, and no proxy gets an endpoint anew', {
    timeout: 600_000,
  }, async () => {
    // Two files of ours in there are root's.
    await execute('chown', ['-R', '--reference', postgres.dataDir, postgres.dataDir]);
    await run(postgres, 'pg_basebackup', ['-D', base, '-X', 'none', '-c', 'fast']);
    await lab.global.api.put('/meshes/default/meshtrafficpermissions/after-the-backup', {
      ...allowAll(),
      name: 'after-the-backup',
    });
    const ids = await proxiesOf(lab.global);
    await archived(postgres);
    for (const { spec } of lab.global.processes) await lab.deployment.group.find(spec.name)?.stop('SIGKILL');
    await postgres.stop();
    const sentBefore = await endpointResponses(lab.zone1);
    const lostAt = performance.now();

    const global = await restore();
    drill.leadTo(global);
    await lab.deployment.waitForZone(global, 'zone-1');
    await lab.deployment.waitForZone(global, 'zone-2');
    await lab.deployment.until('all proxies at the restored global', async () => (await proxiesOf(global)).join() === ids.join());
    process.stdout.write(
      `  restore drill: ${((performance.now() - lostAt) / 60_000).toFixed(2)} minutes from the loss to both zones back\n`,
    );

    expect(await global.api.get('/meshes/default/meshtrafficpermissions/after-the-backup')).toBeDefined();
    const written = await global.api.put('/meshes/default/meshtrafficpermissions/after-the-restore', {
      ...allowAll(),
      name: 'after-the-restore',
    });
    expect(written.ok).toBe(true);
    await lab.deployment.until('a change of the restored global in zone-1', async () => {
      const list = await lab.zone1.api.get<{ items: { name: string }[] }>('/meshes/default/meshtrafficpermissions');
      // The name has a suffix there: of the place it came from.
      return list?.items.some(({ name }) => name.startsWith('after-the-restore'));
    });
    expect(await endpointResponses(lab.zone1)).toBe(sentBefore);
    expect(traffic.failures).toEqual([]);
    expect(traffic.answered).toBeGreaterThan(0);
  });

  function storeOf({ host, port, user, password }: EmbeddedPostgres) {
    return { type: 'postgres', host, port, user, password, database: DATABASE } as const;
  }
});

/** Has the log so far archived; returns when it is. */
async function archived(server: EmbeddedPostgres): Promise<void> {
  const segment = await query(server, 'SELECT pg_walfile_name(pg_current_wal_lsn())');
  await query(server, 'SELECT pg_switch_wal()');
  await until(
    { what: 'the archived log', deadlineMs: 60_000 },
    async () => (await query(server, 'SELECT last_archived_wal FROM pg_stat_archiver')) >= segment,
  );
}

async function query(server: EmbeddedPostgres, sql: string): Promise<string> {
  return (await run(server, 'psql', ['-d', 'postgres', '-Atc', sql])).trim();
}

async function run({ host, port, user, password }: EmbeddedPostgres, command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(join(binDir ?? '', command), ['-h', host, '-p', String(port), '-U', user, ...args], {
    env: { PGPASSWORD: password, PATH: '/usr/bin:/bin' },
  });
  return stdout;
}
