import {
  type Change,
  keyString,
  MeshError,
  type Mutation,
  type MutationState,
  type PlannedChange,
  planMutations,
  type Resource,
  type ResourceKey,
  type TransactOptions,
  type TransactResult,
} from '@mesh/core';
import type { QueryRunner } from 'typeorm';
import type { ResourceEntity } from './entities.js';
import { logForm, numberChanges, resourceOfRow, rowOfResource } from './rows.js';

/** Channel that wakes followers; the payload is the newest revision. */
export const CHANGES_CHANNEL = 'mesh_changes';

const LOCK_COUNTER = 'SELECT revision FROM store_meta WHERE id = 1 FOR UPDATE';
const CHECK_FENCE = 'SELECT 1 FROM leaders WHERE fence = $1';

const LOAD = `
  SELECT r.* FROM resources r
  JOIN jsonb_to_recordset($1::jsonb) AS k(kind text, mesh text, name text) USING (kind, mesh, name)`;

const LOAD_WITH_OWNED = `
  WITH RECURSIVE touched AS (
    SELECT kind, mesh, name FROM jsonb_to_recordset($1::jsonb) AS k(kind text, mesh text, name text)
    UNION
    SELECT r.kind, r.mesh, r.name FROM touched t
    JOIN resources r ON r.owner_kind = t.kind AND r.owner_mesh = t.mesh AND r.owner_name = t.name
  )
  SELECT r.* FROM resources r JOIN touched USING (kind, mesh, name)`;

const RESOURCE_COLUMNS = `kind text, mesh text, name text, labels jsonb, spec jsonb, status jsonb, version bigint,
  creation_time timestamptz, modification_time timestamptz, owner_kind text, owner_mesh text, owner_name text`;

const WRITE = `
  WITH logged AS (
    INSERT INTO change_log (revision, transaction, time, author, kind, mesh, name, op, resource, before)
    SELECT revision, $2::bigint, $3::timestamptz, $4::text, kind, mesh, name, op, resource, before
    FROM jsonb_to_recordset($1::jsonb)
      AS l(revision bigint, kind text, mesh text, name text, op text, resource jsonb, before jsonb)
  ), removed AS (
    DELETE FROM resources r USING jsonb_to_recordset($5::jsonb) AS d(kind text, mesh text, name text)
    WHERE r.kind = d.kind AND r.mesh = d.mesh AND r.name = d.name
  ), written AS (
    INSERT INTO resources (kind, mesh, name, labels, spec, status, version, creation_time, modification_time, owner_kind, owner_mesh, owner_name)
    SELECT * FROM jsonb_to_recordset($6::jsonb) AS p(${RESOURCE_COLUMNS})
    ON CONFLICT (kind, mesh, name) DO UPDATE SET
      labels = EXCLUDED.labels, spec = EXCLUDED.spec, status = EXCLUDED.status, version = EXCLUDED.version,
      creation_time = EXCLUDED.creation_time, modification_time = EXCLUDED.modification_time,
      owner_kind = EXCLUDED.owner_kind, owner_mesh = EXCLUDED.owner_mesh, owner_name = EXCLUDED.owner_name
  ), counted AS (
    UPDATE store_meta SET revision = $7::bigint WHERE id = 1
  ), trimmed AS (
    DELETE FROM change_log WHERE revision <= $8::bigint
  )
  SELECT pg_notify('${CHANGES_CHANNEL}', $7::text)`;

/** The log is trimmed whenever a transaction passes a multiple of this. */
const TRIM_EVERY = 1000;

export interface WriteOptions extends TransactOptions {
  /** RFC 3339. */
  readonly now: string;
  /** Lines the log keeps at least. */
  readonly logLinesMin: number;
}

/**
 * One transaction. It takes the counter row first, so transactions commit in the order of
 * their revisions and no reader sees N+1 before N.
 */
export async function write(runner: QueryRunner, mutations: readonly Mutation[], options: WriteOptions): Promise<TransactResult> {
  await runner.startTransaction('READ COMMITTED');
  const [meta]: Array<{ revision: string }> = await runner.query(LOCK_COUNTER);
  const revision = Number(meta?.revision);
  if (options.fence !== undefined) await checkFence(runner, options.fence);
  const state = await loadState(runner, mutations);
  const planned = planMutations(mutations, { state, now: options.now });
  const changes = numberChanges(planned, { revision, author: options.author.name, time: options.now });
  if (planned.length > 0) await runner.query(WRITE, writeParameters(planned, { changes, options }));
  await runner.commitTransaction();
  return { revision: changes.at(-1)?.revision ?? revision, changes };
}

async function checkFence(runner: QueryRunner, fence: number): Promise<void> {
  const rows: unknown[] = await runner.query(CHECK_FENCE, [fence]);
  if (rows.length === 0) throw new MeshError('conflict', { public: 'another leader has taken over' });
}

async function loadState(runner: QueryRunner, mutations: readonly Mutation[]): Promise<MutationState> {
  const keys = new Map<string, ResourceKey>();
  for (const mutation of mutations) {
    const { kind, mesh, name } = mutation.op === 'delete' ? mutation.key : mutation.draft;
    if (`${kind}${mesh}${name}`.includes('\u0000')) continue; // the plan refuses such a draft; no such key is stored
    keys.set(keyString({ kind, mesh, name }), { kind, mesh, name });
  }
  const sql = mutations.some((mutation) => mutation.op === 'delete') ? LOAD_WITH_OWNED : LOAD;
  const rows: ResourceEntity[] = keys.size === 0 ? [] : await runner.query(sql, [JSON.stringify([...keys.values()])]);
  const resources = new Map(rows.map((row) => [keyString(row), resourceOfRow(row)]));
  return {
    get: (key) => resources.get(keyString(key)),
    ownedBy: (key) => [...resources.values()].filter(({ meta }) => meta.owner && keyString(meta.owner) === keyString(key)),
  };
}

function writeParameters(planned: readonly PlannedChange[], context: { changes: readonly Change[]; options: WriteOptions }): unknown[] {
  const { changes, options } = context;
  const first = changes[0]?.revision ?? 0;
  const last = changes.at(-1)?.revision ?? 0;
  const lines = planned.map(({ key, before, after }, i) => ({
    revision: changes[i]?.revision,
    ...key,
    op: after ? 'put' : 'delete',
    resource: logForm(after),
    before: logForm(before),
  }));
  const outcome = new Map<string, { key: ResourceKey; after: Resource | undefined }>();
  for (const { key, after } of planned) outcome.set(keyString(key), { key, after });
  const removed = [...outcome.values()].filter(({ after }) => !after).map(({ key }) => key);
  const put = [...outcome.values()].flatMap(({ after }) => (after ? [rowOfResource(after)] : []));
  const trim = Math.floor((first - 1) / TRIM_EVERY) < Math.floor(last / TRIM_EVERY) ? last - options.logLinesMin : 0;
  return [JSON.stringify(lines), first, options.now, options.author.name, JSON.stringify(removed), JSON.stringify(put), last, trim];
}
