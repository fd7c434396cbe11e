import type { StoreChoice } from '@mesh/lab-kit';
import pg from 'pg';

/**
 * What a control plane stores in which a regular expression of Postgres matches anywhere: names, labels, contents, owners. Each is
 * `kind mesh/name`.
 * @throws Error where the store is not Postgres, or does not answer.
 */
export async function storedMentions(store: StoreChoice, pattern: string): Promise<string[]> {
  if (store.type !== 'postgres') throw new Error('only Postgres can be looked into');
  const { host, port, user, password, database } = store;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    const { rows } = await client.query<{ key: string }>(
      `SELECT concat(kind, ' ', mesh, '/', name) AS key FROM resources WHERE resources::text ~ $1 ORDER BY 1`,
      [pattern],
    );
    return rows.map(({ key }) => key);
  } finally {
    await client.end();
  }
}
