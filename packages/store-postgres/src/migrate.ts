import { MeshError } from '@mesh/core';
import type { DataSource } from 'typeorm';
import type { PostgresStoreConfig } from './config.js';
import { makeDataSource } from './data-source.js';
import { codeOf, toMeshError } from './errors.js';
import { SCHEMA_VERSION } from './migrations/index.js';

/** Advisory lock that keeps two migrations apart. */
const MIGRATION_LOCK = 0x6d657368;

/**
 * Brings the schema up to date, as `kuma-cp migrate up` does; safe when several processes do so at once.
 * @returns names of the migrations that ran; none when the schema was up to date.
 */
export async function runMigrations(config: PostgresStoreConfig): Promise<readonly string[]> {
  const dataSource = makeDataSource(config);
  try {
    await dataSource.initialize();
    return await migrate(dataSource, config);
  } catch (error) {
    throw toMeshError(error);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

/** Runs what is missing on a connected data source. */
export async function migrate(dataSource: DataSource, config: PostgresStoreConfig): Promise<readonly string[]> {
  const lock = dataSource.createQueryRunner();
  try {
    await lock.connect();
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    refuseNewer(await schemaVersion(dataSource), config);
    await refuseForeign(dataSource);
    const ran = await dataSource.runMigrations({ transaction: 'each' });
    await dataSource.query('UPDATE store_meta SET schema_version = GREATEST(schema_version, $1)', [SCHEMA_VERSION]);
    await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    return ran.map((migration) => migration.name);
  } finally {
    await lock.release();
  }
}

/** Throws `invalid` unless the schema is the one of this build. */
export async function assertSchema(dataSource: DataSource, config: PostgresStoreConfig): Promise<void> {
  const version = await schemaVersion(dataSource);
  refuseNewer(version, config);
  if (version !== undefined && version >= SCHEMA_VERSION) return;
  throw new MeshError('invalid', {
    public: `the schema of database "${config.dbName}" is ${version === undefined ? 'missing' : `version ${version}, ${SCHEMA_VERSION} is needed`}`,
    hint: 'run "kuma-cp migrate up" with the same configuration first',
  });
}

async function schemaVersion(dataSource: DataSource): Promise<number | undefined> {
  try {
    const rows: Array<{ schema_version: number }> = await dataSource.query('SELECT schema_version FROM store_meta WHERE id = 1');
    return rows[0]?.schema_version;
  } catch (error) {
    if (codeOf(error) === '42P01') return undefined; // undefined_table
    throw error;
  }
}

function refuseNewer(version: number | undefined, config: PostgresStoreConfig): void {
  if (version === undefined || version <= SCHEMA_VERSION || config.tolerateNewerDBVersions) return;
  throw new MeshError('invalid', {
    public: `the schema of database "${config.dbName}" is version ${version}, newer than ${SCHEMA_VERSION} of this build`,
    hint: 'use the newer build, or set store.postgres.tolerateNewerDBVersions',
  });
}

async function refuseForeign(dataSource: DataSource): Promise<void> {
  const [row]: Array<{ foreign: boolean }> = await dataSource.query(
    "SELECT to_regclass('resources') IS NOT NULL AND to_regclass('store_meta') IS NULL AS foreign",
  );
  if (!row?.foreign) return;
  throw new MeshError('invalid', {
    public: 'the database has a table "resources" of another program',
    hint: 'use an empty database: the tables of Go Kuma cannot be taken over',
  });
}
