import { setTimeout as delay } from 'node:timers/promises';
import { type Leadership, type Logger, messageOf } from '@mesh/core';
import type { Session } from './session.js';

/** Channel that tells waiting candidates that a leader has gone. */
export const LEADER_CHANNEL = 'mesh_leader';

/** Class of the advisory locks, so that they meet no lock of another program. */
const LOCK_CLASS = 0x6d657368;
const RETRY_FAILED_WORK_MS = 1_000;

const NEXT_FENCE = `
  WITH next AS (UPDATE store_meta SET fence = fence + 1 WHERE id = 1 RETURNING fence)
  INSERT INTO leaders (name, fence) SELECT $1, fence FROM next
  ON CONFLICT (name) DO UPDATE SET fence = EXCLUDED.fence
  RETURNING fence`;

type Work = (leadership: Leadership) => Promise<void>;

interface Candidate {
  readonly work: Work;
}

interface Term {
  readonly candidate: Candidate;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/**
 * The election of one name: a session advisory lock says which instance leads, the queue says
 * which candidate of this instance. Losing the session ends the term at once; the fence keeps
 * what the old leader still writes out.
 */
export class Election {
  private readonly queue: Candidate[] = [];
  private locked = false;
  private term: Term | undefined;
  private steps: Promise<void> = Promise.resolve();

  constructor(
    private readonly name: string,
    private readonly context: { session: Session; log: Logger },
  ) {}

  join(work: Work): { stop(): Promise<void> } {
    const candidate = { work };
    this.queue.push(candidate);
    void this.step();
    return { stop: () => this.leave(candidate) };
  }

  /** Tries to get on: called when something may have changed. */
  step(): Promise<void> {
    this.steps = this.steps
      .then(() => this.advance())
      .catch((error) => this.context.log.debug({ reason: messageOf(error) }, 'election postponed'));
    return this.steps;
  }

  /** The lock is gone with the session. */
  sessionLost(): void {
    this.locked = false;
    this.term?.abort.abort();
  }

  async close(): Promise<void> {
    await Promise.all([...this.queue].map((candidate) => this.leave(candidate)));
  }

  private async advance(): Promise<void> {
    const { session } = this.context;
    if (!session.isUp || this.term) return;
    const [head] = this.queue;
    if (!head) return this.unlock();
    if (!this.locked) this.locked = await this.tryLock();
    if (!this.locked) return;
    const [row] = await session.query<{ fence: string }>(NEXT_FENCE, [this.name]);
    if (!row || !this.locked) return;
    if (this.queue[0] !== head) return void this.step();
    this.begin(head, Number(row.fence));
  }

  private async tryLock(): Promise<boolean> {
    const [row] = await this.context.session.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS got', [
      LOCK_CLASS,
      this.name,
    ]);
    return row?.got ?? false;
  }

  private async unlock(): Promise<void> {
    if (!this.locked) return;
    this.locked = false;
    await this.context.session.query(`SELECT pg_advisory_unlock($1, hashtext($2)), pg_notify('${LEADER_CHANNEL}', $2)`, [
      LOCK_CLASS,
      this.name,
    ]);
  }

  private begin(candidate: Candidate, fence: number): void {
    const abort = new AbortController();
    const ended = this.serve(candidate, { fence, abort }).then(() => {
      this.term = undefined;
      void this.step();
    });
    this.term = { candidate, abort, ended };
  }

  private async serve(candidate: Candidate, { fence, abort }: { fence: number; abort: AbortController }): Promise<void> {
    const { signal } = abort;
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.context.log.info({ election: this.name, fence }, 'leading');
    try {
      await candidate.work({ fence, signal });
      await aborted;
    } catch (err) {
      if (signal.aborted) return;
      this.context.log.error({ election: this.name, err }, 'work of the leader failed');
      abort.abort();
      await delay(RETRY_FAILED_WORK_MS);
    }
  }

  private async leave(candidate: Candidate): Promise<void> {
    const at = this.queue.indexOf(candidate);
    if (at >= 0) this.queue.splice(at, 1);
    if (this.term?.candidate === candidate) {
      this.term.abort.abort();
      await this.term.ended;
    }
    await this.step();
  }
}
