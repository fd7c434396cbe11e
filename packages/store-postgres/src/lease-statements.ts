import { type LeaderLook, PATIENCE_MAX_MS, PATIENCE_MIN_MS } from './leader-watch.js';

/** Channel that tells waiting candidates that a leader has gone. */
export const LEADER_CHANNEL = 'mesh_leader';

/** A leader that does not renew its lease for so long has lost it; a new one has work to do before ten seconds are over. */
export const LEASE_MS = 5_000;
/** Channel on which candidates say for which election they wait. */
export const CANDIDATE_CHANNEL = 'mesh_candidate';
/** How often a leader says a word, while somebody waits. */
export const BEAT_MS = 150;
/** How often a candidate says that it waits; one that has not for three times as long does so no more. */
export const ANNOUNCE_MS = 2_000;
/** A takeover from a silent leader doubles the patience with the next one; half of that is forgotten in this time. */
const PATIENCE_HALVED_S = 60;

/** Two numbers of an advisory lock that nobody else takes: "lead", and the fence. */
const guardOf = (fence: string): string => `${0x6c656164}, (${fence} % 2147483647)::int`;
/** Whether the leader had guarded its lease by a lock of its standing connection, and that one is gone. */
const GONE = `CASE WHEN held.guard = held.fence THEN pg_try_advisory_xact_lock_shared(${guardOf('held.fence')}) ELSE false END`;
const PATIENCE = `
  LEAST(${PATIENCE_MAX_MS}, GREATEST(${PATIENCE_MIN_MS}, CASE WHEN held.patience_ms > 0
    THEN held.patience_ms * power(0.5, LEAST(100, extract(epoch FROM clock_timestamp() - held.patience_at) / ${PATIENCE_HALVED_S})) ELSE 0 END))`;
const msOf = (time: string): string => `(extract(epoch FROM ${time}) * 1000)::float8`;

/**
 * Takes the counter as writers do: no write of the leader before is under way, none comes after. A leader that still is there is told.
 * $1 election, $2 who takes it, $3 whether its connection was found gone, $4 the fence of the leader that was found silent.
 */
export const TAKE = `
  WITH counter AS MATERIALIZED (SELECT id FROM store_meta WHERE id = 1 FOR UPDATE), taken AS (
    INSERT INTO leaders AS held (name, fence, holder, expires_at)
    SELECT $1, nextval('leader_fence'), $2, clock_timestamp() + interval '${LEASE_MS} ms' FROM counter
    ON CONFLICT (name) DO UPDATE SET fence = EXCLUDED.fence, holder = EXCLUDED.holder, expires_at = EXCLUDED.expires_at, guard = NULL,
      guard_pid = NULL,
      patience_ms = CASE WHEN held.fence = $4::bigint THEN 2 * (${PATIENCE}) ELSE held.patience_ms END,
      patience_at = CASE WHEN held.fence = $4::bigint THEN clock_timestamp() ELSE held.patience_at END
    WHERE held.expires_at < clock_timestamp() OR held.fence = $4::bigint OR ($3 AND ${GONE})
    RETURNING fence
  )
  SELECT fence, pg_notify('${LEADER_CHANNEL}', $1) FROM taken`;

/**
 * What a candidate sees of a leader. When the leader last said something is what the server notes of each connection
 * (https://www.postgresql.org/docs/current/monitoring-stats.html, pg_stat_activity): nothing is written for it. It is unknown
 * where the server notes none (track_activities), or candidate and leader are different roles.
 */
export const LOOK = `
  SELECT held.fence, held.holder, held.expires_at < clock_timestamp() AS expired, ${GONE} AS gone, ${PATIENCE} AS patience_ms,
    ${msOf('clock_timestamp()')} AS now_ms, ${msOf('guard.state_change')} AS beat_ms,
    coalesce(guard.state <> 'idle' AND guard.wait_event_type IS DISTINCT FROM 'Client', false) AS busy
  FROM leaders AS held LEFT JOIN pg_stat_get_activity(coalesce(held.guard_pid, 0)) AS guard ON held.guard = held.fence
  WHERE name = $1`;

/** The answer to `LOOK`. */
export interface LookRow {
  readonly [column: string]: unknown;
  readonly fence: string;
  readonly holder: string | null;
  readonly expired: boolean;
  readonly gone: boolean;
  readonly patience_ms: number;
  readonly now_ms: number;
  readonly beat_ms: number | null;
  readonly busy: boolean;
}

/** What the watch wants to know of it. */
export function lookOf(row: LookRow): LeaderLook {
  const { fence, now_ms, patience_ms, beat_ms, busy } = row;
  return { fence, nowMs: now_ms, patienceMs: patience_ms, beatMs: beat_ms === null ? undefined : busy ? now_ms : beat_ms };
}

/** How long the leader has said nothing, in whole ms; 0 where that is not known. */
export function silenceOf({ now_ms, beat_ms }: LookRow): number {
  return Math.round(now_ms - (beat_ms ?? now_ms));
}

export const RENEW = `UPDATE leaders SET expires_at = clock_timestamp() + interval '${LEASE_MS} ms' WHERE name = $1 AND fence = $2 RETURNING name`;
export const GUARD = `
  UPDATE leaders SET guard = CASE WHEN pg_try_advisory_lock(${guardOf('fence')}) THEN fence END, guard_pid = pg_backend_pid()
  WHERE name = $1 AND fence = $2 RETURNING guard IS NOT NULL AS guarded`;
export const UNGUARD = `SELECT pg_advisory_unlock(${guardOf('$1::bigint')})`;
export const GIVE_BACK = `
  WITH given AS (UPDATE leaders SET expires_at = '-infinity', holder = NULL WHERE name = $1 AND fence = $2 RETURNING name)
  SELECT pg_notify('${LEADER_CHANNEL}', name) FROM given`;
export const BEAT = 'SELECT 1';
export const ANNOUNCE = `SELECT pg_notify('${CANDIDATE_CHANNEL}', $1)`;
