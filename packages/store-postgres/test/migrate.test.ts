import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresResourceStore, type PostgresStoreConfig, runMigrations } from '../src/index.js';
import { TestServer } from './databases.js';

describe('migrations', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  const empty = (): Promise<PostgresStoreConfig> => server.database('template0');
  const opening = (config: PostgresStoreConfig) => PostgresResourceStore.open({ config });

  it('run once and are not needed again', async () => {
    const config = await empty();
    expect(await runMigrations(config)).toEqual([
      'InitialSchema1764000000000',
      'WriteIdsAndLeases1764100000000',
      'GuardedLeases1764200000000',
      'WatchedLeaders1764300000000',
      'Audit1764400000000',
    ]);
    expect(await runMigrations(config)).toEqual([]);
    await (await opening(config)).close();
  });

  it('run once where several processes start at the same time', async () => {
    const config = await empty();
    const results = await Promise.all(Array.from({ length: 4 }, () => runMigrations(config)));
    expect(results.flat()).toHaveLength(5);
  });

  it('keep the identity of the store', async () => {
    const config = await empty();
    await runMigrations(config);
    const first = await opening(config);
    await runMigrations(config);
    const second = await opening(config);
    expect(second.storeId).toBe(first.storeId);
    const other = await empty();
    const third = await opening({ ...other, autoMigrate: true });
    expect(third.storeId).not.toBe(first.storeId);
    await Promise.all([first, second, third].map((store) => store.close()));
  });

  it('are asked for where the schema is missing, unless the store may run them', async () => {
    const config = await empty();
    await expect(opening(config)).rejects.toMatchObject({ code: 'invalid', hint: expect.stringContaining('kuma-cp migrate up') });
    await (await opening({ ...config, autoMigrate: true })).close();
  });

  it('refuse a schema newer than this build, unless told to tolerate it', async () => {
    const config = await server.database();
    await server.query('UPDATE store_meta SET schema_version = 1000', config.dbName);
    const refusal = { code: 'invalid', message: expect.stringContaining('newer than') };
    await expect(opening(config)).rejects.toMatchObject(refusal);
    await expect(runMigrations(config)).rejects.toMatchObject(refusal);
    await (await opening({ ...config, tolerateNewerDBVersions: true })).close();
  });

  it('refuse a schema that is not what its version says, and name what is wrong', async () => {
    const halved = await server.database();
    await server.query('ALTER TABLE change_log DROP COLUMN write_id', halved.dbName);
    const lacking = { code: 'invalid', message: expect.stringContaining('change_log.write_id'), hint: expect.stringContaining('backup') };
    await expect(opening(halved)).rejects.toMatchObject(lacking);
    const forked = await server.database();
    await server.query("INSERT INTO migrations (timestamp, name) VALUES (1, 'Foreign1')", forked.dbName);
    await expect(opening(forked)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('Foreign1') });
    await expect(runMigrations(forked)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('Foreign1') });
  });

  it('leave the tables of another program alone', async () => {
    const config = await empty();
    await server.query('CREATE TABLE resources (spec text)', config.dbName);
    await expect(runMigrations(config)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('another program') });
  });

  it('say that the database is away, or that it does not exist', async () => {
    const config = await server.database();
    await expect(opening({ ...config, port: 1 })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(runMigrations({ ...config, dbName: 'nowhere' })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('"nowhere" does not exist'),
    });
    await expect(opening({ ...config, password: 'wrong' })).rejects.toMatchObject({ code: 'invalid' });
  });
});
