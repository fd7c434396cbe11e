import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Change, type Clock, MeshError, messageOf, type TransactResult } from '@mesh/core';
import type { ConnectionPool } from './connection-pool.js';
import { isAway } from './errors.js';
import { Batch, type WriteCall, type WriteOutcome, writeBatch } from './write.js';

interface Waiting {
  readonly call: WriteCall;
  resolve(result: TransactResult): void;
  reject(error: unknown): void;
}

/** Calls that go into one database transaction at most. */
const BATCH_CALLS = 100;
/** Mutations after which no further call joins: other writers wait, and a transaction must not outlast its lock. */
const BATCH_MUTATIONS = 2_000;
const PAUSE_MS_MIN = 20;
const PAUSE_MS_MAX = 500;

export interface WriteQueueOptions {
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  /** Lines the log keeps. */
  readonly logLinesMax: number;
  /** How long a write is tried while the database is away. */
  readonly patienceMs: number;
  /** Told of the changes of each call that is through, in order. */
  onWritten(changes: readonly Change[], writeId: string): void;
}

/**
 * Writes of this instance, in the order they were asked for. What comes in while a database
 * transaction is under way shares the next one: as writers take turns at the counter row
 * anyway, one commit for many calls is what makes many writers fast.
 *
 * A database that goes away is waited for a little, and a write whose answer was lost is looked
 * for before it is made again: it happens once or, where the caller is told so, not at all.
 */
export class WriteQueue {
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;
  private readonly closing = new AbortController();

  constructor(private readonly options: WriteQueueOptions) {}

  add(call: WriteCall): Promise<TransactResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ call, resolve, reject });
      this.running ??= this.drain();
    });
  }

  /** Resolves when nothing is under way; what is tried again for want of a database fails now. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) await this.process(this.waiting.splice(0, callsOfBatch(this.waiting)));
    this.running = undefined;
  }

  /** A batch the database refuses is tried call by call, so that only the one it refuses fails. */
  private async process(waiting: readonly Waiting[]): Promise<void> {
    const batch = new Batch(waiting.map(({ call }) => call));
    try {
      const outcomes = await this.persist(batch);
      for (const [i, each] of waiting.entries()) this.settle(each, outcomes[i], batch.writeId);
    } catch (error) {
      if (waiting.length > 1 && !isAway(error) && !batch.doubt) {
        for (const each of waiting) await this.process([each]);
        return;
      }
      const told = batch.doubt ? inDoubt(error) : error;
      for (const each of waiting) each.reject(told);
    }
  }

  /** Tries until the database says yes or no, or patience is over. */
  private async persist(batch: Batch): Promise<readonly WriteOutcome[]> {
    const until = performance.now() + this.options.patienceMs;
    for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      try {
        return await this.write(batch);
      } catch (error) {
        if (!isAway(error) || this.closing.signal.aborted || performance.now() + pauseMs > until) throw error;
        await delay(pauseMs + randomInt(pauseMs), undefined, { signal: this.closing.signal }).catch(() => {});
      }
    }
  }

  private write(batch: Batch): Promise<readonly WriteOutcome[]> {
    const { pool, clock, logLinesMax } = this.options;
    batch.attempts++;
    return pool.run((client) =>
      writeBatch(client, batch, { now: new Date(clock.now()).toISOString(), logLinesMax }).catch(async (error: unknown) => {
        if (!isAway(error)) {
          batch.doubt = undefined; // the database itself said no
          await client.query('ROLLBACK').catch(() => {}); // a connection that is lost has none
        }
        throw error;
      }),
    );
  }

  private settle(waiting: Waiting, outcome: WriteOutcome | undefined, writeId: string): void {
    if (!outcome || !('result' in outcome)) return waiting.reject(outcome?.error);
    if (outcome.result.changes.length > 0) this.options.onWritten(outcome.result.changes, writeId);
    waiting.resolve(outcome.result);
  }
}

/** How many of the calls that wait go together; one does in any case. */
function callsOfBatch(waiting: readonly Waiting[]): number {
  let mutations = 0;
  const tooMany = waiting.slice(0, BATCH_CALLS).findIndex(({ call }, i) => {
    mutations += call.mutations.length;
    return i > 0 && mutations > BATCH_MUTATIONS;
  });
  return tooMany < 0 ? BATCH_CALLS : tooMany;
}

function inDoubt(cause: unknown): MeshError {
  return new MeshError('unavailable', {
    public: 'the database went away during the write, which may have happened',
    hint: 'read what is stored before you write again',
    internal: `database: ${messageOf(cause)}`,
    cause,
  });
}
