import type pg from 'pg';
import { insertAudit } from './audit.js';

/** Channel that wakes followers; the payload is the newest revision. */
export const CHANGES_CHANNEL = 'mesh_changes';

/** Values of a write as literals of SQL. */
export interface PutLiterals {
  /** Lines of the log, as JSON. */
  readonly lines: string;
  readonly now: string;
  /** Rows to write, as JSON. */
  readonly put: string;
  readonly writeId: string;
  /** Newest revision. */
  readonly last: number;
  /** Records of the audit, as JSON. */
  readonly audit: string;
}

/** The same of a write that removes rows or lines too. */
export interface WriteLiterals extends PutLiterals {
  /** Keys to remove, as JSON. */
  readonly removed: string;
  /** Log lines up to this revision go. */
  readonly trim: number;
}

/** By name: what a prepared statement gives must not change when a newer instance adds a column. */
const COLUMNS = 'kind, mesh, name, labels, spec, status, version, creation_time, modification_time, owner_kind, owner_mesh, owner_name';
const RECORD = `kind text, mesh text, name text, labels jsonb, spec jsonb, status jsonb, version bigint,
  creation_time timestamptz, modification_time timestamptz, owner_kind text, owner_mesh text, owner_name text`;

/** The inner query stays one of its own, so that each key is looked up in the index, also by a plan made while the table was empty. */
const LOAD = `
  SELECT r.* FROM jsonb_to_recordset($1) AS k(kind text, mesh text, name text)
  CROSS JOIN LATERAL (SELECT ${COLUMNS} FROM resources WHERE kind = k.kind AND mesh = k.mesh AND name = k.name OFFSET 0) r`;

const insertLines = ({ lines, now, writeId }: Pick<PutLiterals, 'lines' | 'now' | 'writeId'>): string => `
    INSERT INTO change_log (revision, transaction, time, author, kind, mesh, name, op, resource, before, write_id)
    SELECT revision, transaction, ${now}::timestamptz, author, kind, mesh, name, op, resource, before, ${writeId}::uuid
    FROM jsonb_to_recordset(${lines}::jsonb)
      AS l(revision bigint, transaction bigint, author text, kind text, mesh text, name text, op text, resource jsonb, before jsonb)`;

const upsertRows = (put: string): string => `
    INSERT INTO resources (${COLUMNS})
    SELECT * FROM jsonb_to_recordset(${put}::jsonb) AS p(${RECORD})
    ON CONFLICT (kind, mesh, name) DO UPDATE SET
      labels = EXCLUDED.labels, spec = EXCLUDED.spec, status = EXCLUDED.status, version = EXCLUDED.version,
      creation_time = EXCLUDED.creation_time, modification_time = EXCLUDED.modification_time,
      owner_kind = EXCLUDED.owner_kind, owner_mesh = EXCLUDED.owner_mesh, owner_name = EXCLUDED.owner_name`;

const PUT = `
  WITH logged AS (${insertLines({ lines: '$1', now: '$2', writeId: '$4' })}
  ), written AS (${upsertRows('$3')}
  ), recorded AS (${insertAudit('$6')}
  ), counted AS (
    UPDATE store_meta SET revision = $5 WHERE id = 1
  )
  SELECT pg_notify('${CHANGES_CHANNEL}', $5::text)`;

const PREPARE = [
  `PREPARE mesh_load (jsonb) AS ${LOAD}`,
  `PREPARE mesh_put (jsonb, timestamptz, jsonb, uuid, bigint, jsonb) AS ${PUT}`,
] as const;

const prepared = new WeakSet<pg.ClientBase>();

/** What a connection has to be told once before `executeLoad` and `executePut`: to plan them takes longer than to run them. */
export function prepareStatements(client: pg.ClientBase): readonly string[] {
  return prepared.has(client) ? [] : PREPARE;
}

/** The connection has been told; a transaction that is rolled back later does not undo it. */
export function notePrepared(client: pg.ClientBase): void {
  prepared.add(client);
}

/** Reads the resources of the keys, JSON as a literal. */
export function executeLoad(keys: string): string {
  return `EXECUTE mesh_load (${keys})`;
}

/** Reads the resources of the keys and all they own. */
export function loadWithOwned(keys: string): string {
  return `
  WITH RECURSIVE touched AS (
    SELECT kind, mesh, name FROM jsonb_to_recordset(${keys}::jsonb) AS k(kind text, mesh text, name text)
    UNION
    SELECT r.kind, r.mesh, r.name FROM touched t
    JOIN resources r ON r.owner_kind = t.kind AND r.owner_mesh = t.mesh AND r.owner_name = t.name
  )
  SELECT r.* FROM resources r JOIN touched USING (kind, mesh, name)`;
}

/** Writes rows and lines, and removes nothing: by far most writes. */
export function executePut({ lines, now, put, writeId, last, audit }: PutLiterals): string {
  return `EXECUTE mesh_put (${lines}, ${now}, ${put}, ${writeId}, ${last}, ${audit})`;
}

/** Writes and removes. Not prepared: how many rows it is about decides how it is done best. */
export function writeAnything({ removed, trim, ...literals }: WriteLiterals): string {
  const { put, last, audit } = literals;
  return `
  WITH logged AS (${insertLines(literals)}
  ), removed AS (
    DELETE FROM resources r USING jsonb_to_recordset(${removed}::jsonb) AS d(kind text, mesh text, name text)
    WHERE r.kind = d.kind AND r.mesh = d.mesh AND r.name = d.name
  ), written AS (${upsertRows(put)}
  ), recorded AS (${insertAudit(audit)}
  ), counted AS (
    UPDATE store_meta SET revision = ${last}::bigint WHERE id = 1
  ), trimmed AS (
    DELETE FROM change_log WHERE revision <= ${trim}::bigint
  )
  SELECT pg_notify('${CHANGES_CHANNEL}', '${last}')`;
}
