import { Audit1764400000000 } from './audit.js';
import { GuardedLeases1764200000000 } from './guarded-leases.js';
import { InitialSchema1764000000000 } from './initial-schema.js';
import { WatchedLeaders1764300000000 } from './watched-leaders.js';
import { WriteIdsAndLeases1764100000000 } from './write-ids-and-leases.js';

/** All migrations in order; the schema version is their number. */
export const MIGRATIONS = [
  InitialSchema1764000000000,
  WriteIdsAndLeases1764100000000,
  GuardedLeases1764200000000,
  WatchedLeaders1764300000000,
  Audit1764400000000,
] as const;
export const SCHEMA_VERSION = MIGRATIONS.length;
