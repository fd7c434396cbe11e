import 'reflect-metadata';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { connectionSettings, type PostgresStoreConfig, poolSettings } from './config.js';
import { ChangeLogEntity, LeaderEntity, ResourceEntity, StoreMetaEntity } from './entities.js';
import { MIGRATIONS } from './migrations/index.js';

/** A data source that is not connected yet. */
export function makeDataSource(config: PostgresStoreConfig): DataSource {
  const { user, database, host, port, password, ssl, ...rest } = connectionSettings(config);
  const pool = poolSettings(config);
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
    entities: [ResourceEntity, ChangeLogEntity, StoreMetaEntity, LeaderEntity],
    migrations: [...MIGRATIONS],
    migrationsTableName: 'migrations',
    synchronize: false,
    logging: false,
    installExtensions: false,
    poolSize: pool.max,
    extra: { ...rest, ...pool },
  });
}
