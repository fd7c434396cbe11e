import { execFile } from 'node:child_process';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startEmbeddedPostgres, until } from '@mesh/lab-kit';
import pg from 'pg';

const NAME = 'standby';
const execute = promisify(execFile);

/**
 * Starts a server that follows another one, from a copy of its data made while it works. Resolves when the first one waits
 * for it at every commit.
 */
export async function startStandby(primary: EmbeddedPostgres, dataDir: string): Promise<EmbeddedPostgres> {
  await copy(primary, dataDir);
  const { host, port, user, password } = primary;
  await writeFile(join(dataDir, 'standby.signal'), '');
  await appendFile(
    join(dataDir, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${host} port=${port} user=${user} password=${password} application_name=${NAME}'\n`,
  );
  await execute('chown', ['-R', '--reference', primary.dataDir, dataDir]);
  const standby = await startEmbeddedPostgres({ dataDir, settings: { max_connections: '40', shared_buffers: '16MB' } });
  await ask(primary, [`ALTER SYSTEM SET synchronous_standby_names = '${NAME}'`, 'SELECT pg_reload_conf()']);
  await until({ what: 'a synchronous standby', deadlineMs: 30_000, intervalMs: 50 }, async () => {
    const [followers] = await ask(primary, ["SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"]);
    return followers?.length === 1;
  });
  return standby;
}

/** Makes a standby take writes; resolves when it does. */
export async function promote(standby: EmbeddedPostgres): Promise<void> {
  await ask(standby, ['SELECT pg_promote(true, 60)']);
}

/** A copy of the data as PostgreSQL's manual has it ("Making a Base Backup Using the Low Level API"). */
async function copy(primary: EmbeddedPostgres, dataDir: string): Promise<void> {
  const client = await connect(primary);
  try {
    await client.query("SELECT pg_backup_start('standby', true)");
    await execute('cp', ['-a', primary.dataDir, dataDir]);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await writeFile(join(dataDir, 'backup_label'), rows[0]?.labelfile ?? '');
  } finally {
    await client.end();
  }
  for (const file of ['postmaster.pid', 'mesh-owner.pid']) await rm(join(dataDir, file), { force: true });
}

/** Asks one after the other, in one session; the rows of each answer. */
async function ask(server: EmbeddedPostgres, questions: readonly string[]): Promise<unknown[][]> {
  const client = await connect(server);
  try {
    const answers: unknown[][] = [];
    for (const question of questions) answers.push((await client.query(question)).rows);
    return answers;
  } finally {
    await client.end();
  }
}

async function connect({ host, port, user, password }: EmbeddedPostgres): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  return client;
}
