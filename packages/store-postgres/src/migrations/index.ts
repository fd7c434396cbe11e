import { InitialSchema1764000000000 } from './initial-schema.js';

/** All migrations in order; the schema version is their number. */
export const MIGRATIONS = [InitialSchema1764000000000] as const;
export const SCHEMA_VERSION = MIGRATIONS.length;
