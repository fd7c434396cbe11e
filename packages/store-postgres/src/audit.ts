import {
  type AuditBounds,
  type AuditEntry,
  type AuditLane,
  type AuditQuery,
  type AuditRecord,
  type AuditRequest,
  type AuditStore,
  type Clock,
  type Logger,
  laneBounds,
  laneOf,
  messageOf,
  type TimedAuditEntry,
} from '@mesh/core';
import type { ConnectionPool } from './connection-pool.js';
import type { AuditEntity } from './entities.js';
import { toMeshError } from './errors.js';

/** Rows of the audit out of JSON, as a statement or a part of one. @param rows JSON, a literal of SQL or a parameter. */
export const insertAudit = (rows: string): string => `
    INSERT INTO audit (time, lane, who, kind, mesh, name, revision, status, outcome, request)
    SELECT time, lane, who, kind, mesh, name, revision, status, outcome, request FROM jsonb_to_recordset(${rows}::jsonb)
      AS a(time timestamptz, lane text, who text, kind text, mesh text, name text, revision bigint, status smallint, outcome text, request jsonb)`;

const INSERT = insertAudit('$1');

const READ = `
  SELECT * FROM audit WHERE ($1::text IS NULL OR who = $1) AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR mesh = $3)
  AND ($4::text IS NULL OR name = $4) AND ($5::text IS NULL OR outcome = $5) AND ($6::timestamptz IS NULL OR time >= $6)
  AND ($7::timestamptz IS NULL OR time < $7) AND ($8::bigint IS NULL OR id < $8) ORDER BY id DESC LIMIT $9`;

/** The rest of an entry is in its columns. */
type RequestColumn = Pick<AuditRequest, 'groups' | 'by' | 'peer' | 'method' | 'path' | 'details'>;
type AuditRow = AuditEntity & { readonly [column: string]: unknown };

/** The columns of an entry, as JSON for `insertAudit`. */
export function auditRow(entry: AuditEntry, made: { readonly time: string; readonly revision?: number }): object {
  const { who, kind, mesh, name, status, outcome, groups, by, peer, method, path, details } = entry;
  const request: RequestColumn = { groups, by, peer, method, path, ...(details ? { details } : {}) };
  return { ...made, lane: laneOf(entry), who, kind, mesh, name, status, outcome, request };
}

function recordOf(row: AuditEntity): AuditRecord {
  const { who, kind, mesh, name, revision, status, request } = row;
  return {
    id: Number(row.id),
    time: row.time.toISOString(),
    who,
    ...(request as unknown as RequestColumn),
    ...(kind === null ? {} : { kind }),
    ...(mesh === null ? {} : { mesh }),
    ...(name === null ? {} : { name }),
    ...(revision === null ? {} : { revision: Number(revision) }),
    status,
    outcome: row.outcome as AuditRecord['outcome'],
  };
}

/** Removed by one statement. */
const STEP_RECORDS = 2_000;
/** Between two looks for what is too old or too many, while records are made here. */
const PAUSE_MS = 60_000;
/** The same where none are: age alone makes records go, and an idle control plane asks its database nothing. */
const IDLE_PAUSE_MS = 3_600_000;

const TOO_OLD = `DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ${STEP_RECORDS}) AND time < $1 RETURNING id`;
/** The newest records of a lane that are too many, and all before them. */
const TOO_MANY = `
  DELETE FROM audit WHERE lane = $1 AND id <= (SELECT id FROM audit WHERE lane = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)`;

export interface PostgresAuditOptions {
  readonly pool: Pick<ConnectionPool, 'query'>;
  readonly bounds: AuditBounds;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Records in a table of their own. Who makes them trims it; what it holds beyond its bounds is what comes in within a minute. */
export class PostgresAudit implements AuditStore {
  private lastAt = performance.now();
  private hasGrown = false;

  constructor(private readonly options: PostgresAuditOptions) {}

  async append(entries: readonly TimedAuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    this.grown();
    const rows = entries.map((entry) => auditRow(entry, { time: entry.time }));
    await this.query(INSERT, [JSON.stringify(rows)]);
  }

  async read({ who, kind, mesh, name, outcome, since, until, before, limit }: AuditQuery): Promise<readonly AuditRecord[]> {
    const rows = await this.query<AuditRow>(READ, [who, kind, mesh, name, outcome, since, until, before, limit]);
    return rows.map(recordOf);
  }

  /** A write brings its record along. */
  grown(): void {
    this.hasGrown = true;
  }

  /** Time has passed; called every few seconds. */
  tick(): void {
    if (performance.now() - this.lastAt < (this.hasGrown ? PAUSE_MS : IDLE_PAUSE_MS)) return;
    this.lastAt = performance.now();
    this.hasGrown = false;
    this.trim().catch((error: unknown) => this.options.log.debug({ reason: messageOf(error) }, 'the audit could not be trimmed'));
  }

  /** Removes what is too old and what is too many. */
  async trim(): Promise<void> {
    const { bounds, clock } = this.options;
    const before = new Date(clock.now() - bounds.maxAge);
    if (bounds.maxAge > 0) while ((await this.query(TOO_OLD, [before])).length === STEP_RECORDS);
    for (const [lane, most] of Object.entries(laneBounds(bounds) as Record<AuditLane, number>)) await this.query(TOO_MANY, [lane, most]);
  }

  private async query<Row extends { readonly [column: string]: unknown }>(text: string, values: unknown[]): Promise<Row[]> {
    try {
      return await this.options.pool.query<Row>(text, values);
    } catch (error) {
      throw toMeshError(error);
    }
  }
}
