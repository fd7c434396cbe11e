import { MeshError } from '@mesh/core';
import { loadConfig } from '@mesh/runtime';
import { runMigrations } from '@mesh/store-postgres';

export interface MigrateOptions {
  readonly configFile?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * `kuma-cp migrate up`: brings the schema of the configured database up to date.
 * @returns what happened, in words; throws MeshError `invalid` where the store has no schema.
 */
export async function migrateUp(options: MigrateOptions): Promise<string> {
  const { config } = loadConfig({ file: options.configFile, env: options.env });
  if (config.store.type !== 'postgres') {
    throw new MeshError('invalid', {
      public: `a store of type "${config.store.type}" has nothing to migrate`,
      hint: 'set store.type to postgres (KUMA_STORE_TYPE=postgres)',
    });
  }
  const { dbName } = config.store.postgres;
  const applied = await runMigrations(config.store.postgres);
  if (applied.length === 0) return `The schema of database "${dbName}" is up to date.\n`;
  return `Migrated database "${dbName}": ${applied.join(', ')}\n`;
}
