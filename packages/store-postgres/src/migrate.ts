import { MeshError } from '@mesh/core';
import type { DataSource } from 'typeorm';
import type { PostgresStoreConfig } from './config.js';
import { withDataSource } from './data-source.js';
import { codeOf, toMeshError } from './errors.js';
import { SCHEMA_VERSION } from './migrations/index.js';

/** Advisory lock that keeps two migrations apart. */
const MIGRATION_LOCK = 0x6d657368;

/**
 * Brings the schema up to date, as `kuma-cp migrate up` does; safe when several processes do so at once.
 * @returns names of the migrations that ran; none when the schema was up to date.
 */
export async function runMigrations(config: PostgresStoreConfig): Promise<readonly string[]> {
  try {
    return await withDataSource(config, (dataSource) => migrate(dataSource, config));
  } catch (error) {
    throw toMeshError(error);
  }
}

/** Runs what is missing on a connected data source. */
export async function migrate(dataSource: DataSource, config: PostgresStoreConfig): Promise<readonly string[]> {
  const lock = dataSource.createQueryRunner();
  try {
    await lock.connect();
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const version = await schemaVersion(dataSource);
    refuseNewer(version, config);
    await refuseForeign(dataSource);
    if (version !== undefined) await refuseUnknown(dataSource, config);
    const ran = await dataSource.runMigrations({ transaction: 'each' });
    await dataSource.query('UPDATE store_meta SET schema_version = GREATEST(schema_version, $1)', [SCHEMA_VERSION]);
    return ran.map((migration) => migration.name);
  } finally {
    await lock.query('SELECT pg_advisory_unlock_all()').catch(() => {}); // a connection that is lost holds none
    await lock.release();
  }
}

/** Throws `invalid` unless the schema is the one of this build. */
export async function assertSchema(dataSource: DataSource, config: PostgresStoreConfig): Promise<void> {
  const version = await schemaVersion(dataSource);
  refuseNewer(version, config);
  if (version !== undefined && version >= SCHEMA_VERSION) return refuseDirty(dataSource, config);
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

/** Migrations that this build does not know, in a schema that says to be none of a newer build. */
async function refuseUnknown(dataSource: DataSource, config: PostgresStoreConfig): Promise<void> {
  if (config.tolerateNewerDBVersions) return;
  const known = new Set(dataSource.migrations.map((migration) => migration.constructor.name));
  const rows: Array<{ name: string }> = await dataSource.query('SELECT name FROM migrations');
  const unknown = rows.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw dirty(config, `migrations ran that this build does not know: ${unknown.join(', ')}`);
}

/** A schema that says to be of this build and lacks something: half restored, or changed by hand. */
async function refuseDirty(dataSource: DataSource, config: PostgresStoreConfig): Promise<void> {
  await refuseUnknown(dataSource, config);
  const rows: Array<{ place: string }> = await dataSource.query(
    "SELECT table_name || '.' || column_name AS place FROM information_schema.columns WHERE table_schema = current_schema()",
  );
  const present = new Set(rows.map(({ place }) => place));
  const missing = dataSource.entityMetadatas.flatMap(({ tableName, columns }) =>
    columns.map(({ databaseName }) => `${tableName}.${databaseName}`).filter((place) => !present.has(place)),
  );
  if (missing.length > 0) throw dirty(config, `it lacks ${missing.join(', ')}`);
}

function dirty({ dbName }: PostgresStoreConfig, why: string): MeshError {
  return new MeshError('invalid', {
    public: `the schema of database "${dbName}" is not what its version says: ${why}`,
    hint: 'restore the database from a backup, or start with an empty one; nothing was changed',
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
