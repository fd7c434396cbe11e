import 'reflect-metadata';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { connectionSettings, type PostgresStoreConfig } from './config.js';
import { AuditEntity, ChangeLogEntity, LeaderEntity, ResourceEntity, StoreMetaEntity } from './entities.js';
import { MIGRATIONS } from './migrations/index.js';

/** Two: one holds the lock of a migration, the other migrates. */
const CONNECTIONS = 2;

/** A data source that is not connected yet; for the schema only, the store has its own connections. */
export function makeDataSource(config: PostgresStoreConfig): DataSource {
  const { user, database, host, port, password, ssl, ...rest } = connectionSettings(config);
  return new DataSource({
    type: 'postgres',
    // Handed over, as in a bundle there is no package to look for.
    driver: pg,
    host,
    port,
    username: user,
    password,
    database,
    ssl,
    entities: [ResourceEntity, ChangeLogEntity, StoreMetaEntity, LeaderEntity, AuditEntity],
    migrations: [...MIGRATIONS],
    migrationsTableName: 'migrations',
    synchronize: false,
    logging: false,
    installExtensions: false,
    poolSize: CONNECTIONS,
    extra: rest,
  });
}

/** Connects for as long as the work takes. */
export async function withDataSource<T>(config: PostgresStoreConfig, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = makeDataSource(config);
  try {
    await dataSource.initialize();
    return await work(dataSource);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}
