import { type Clock, type Logger, messageOf } from '@mesh/core';
import type { ConnectionPool } from './connection-pool.js';

/** Lines that are removed by one statement. */
const STEP_LINES = 2_000;
/** Shortest and longest time between two looks for what is too old. */
const PAUSE_MS_MIN = 1_000;
const PAUSE_MS_MAX = 600_000;

/**
 * Removes the oldest lines, up to the first that is young enough. The newest line of the log always stays: by it a
 * follower that comes back knows that its history is that of the store.
 */
const TRIM = `
  DELETE FROM change_log WHERE revision IN (SELECT revision FROM change_log ORDER BY revision LIMIT ${STEP_LINES})
  AND time < $1 AND revision < (SELECT revision FROM store_meta WHERE id = 1)`;
const OLDEST =
  'SELECT time < $1 AS old FROM change_log WHERE revision < (SELECT revision FROM store_meta WHERE id = 1) ORDER BY revision LIMIT 1';

export interface LogTrimmerOptions {
  readonly pool: Pick<ConnectionPool, 'query'>;
  readonly log: Logger;
  readonly clock: Clock;
  /** 0: lines are kept whatever their age. */
  readonly ageMaxMs: number;
}

/** Removes lines of the change log that are too old. Every instance may do so; how many there are is bounded by writers. */
export class LogTrimmer {
  private lastAt = Number.NEGATIVE_INFINITY;
  private running = false;

  constructor(private readonly options: LogTrimmerOptions) {}

  /** Time has passed; called every few seconds. */
  tick(): void {
    const { ageMaxMs, log } = this.options;
    const pauseMs = Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, ageMaxMs / 100));
    if (ageMaxMs === 0 || this.running || performance.now() - this.lastAt < pauseMs) return;
    this.lastAt = performance.now();
    this.running = true;
    this.trim()
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'the change log could not be trimmed'))
      .finally(() => {
        this.running = false;
      });
  }

  private async trim(): Promise<void> {
    const { pool, clock, ageMaxMs } = this.options;
    const before = new Date(clock.now() - ageMaxMs);
    for (;;) {
      const [oldest] = await pool.query<{ old: boolean }>(OLDEST, [before]);
      if (!oldest?.old) return;
      await pool.query(TRIM, [before]);
    }
  }
}
