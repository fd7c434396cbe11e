import type { EmbeddedPostgres } from '@mesh/lab-kit';
import pg from 'pg';

/** Transactions of some databases since the server started; asking is not counted. */
export async function transactionCounts(postgres: EmbeddedPostgres, databases: readonly string[]): Promise<Map<string, number>> {
  const { host, port, user, password } = postgres;
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  try {
    await client.query('SELECT pg_stat_clear_snapshot()');
    const { rows } = await client.query<{ datname: string; count: string }>(
      'SELECT datname, xact_commit + xact_rollback AS count FROM pg_stat_database WHERE datname = ANY($1)',
      [databases],
    );
    return new Map(rows.map((row) => [row.datname, Number(row.count)]));
  } finally {
    await client.end();
  }
}
