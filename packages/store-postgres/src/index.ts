export type { PostgresStoreConfig, PostgresTlsConfig } from './config.js';
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded/index.js';
export { runMigrations } from './migrate.js';
export { PostgresResourceStore, type PostgresStoreOptions } from './postgres-resource-store.js';
