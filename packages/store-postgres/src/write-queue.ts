import type { Clock, TransactResult } from '@mesh/core';
import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';
import { isAway } from './errors.js';
import { type WriteCall, type WriteOutcome, writeBatch } from './write.js';

interface Waiting {
  readonly call: WriteCall;
  resolve(result: TransactResult): void;
  reject(error: unknown): void;
}

/** Calls that go into one database transaction at most. */
const BATCH_CALLS = 100;

export interface WriteQueueOptions {
  readonly dataSource: DataSource;
  readonly clock: Clock;
  /** Lines the log keeps at least. */
  readonly logLinesMin: number;
}

/**
 * Writes of this instance, in the order they were asked for. What comes in while a database
 * transaction is under way shares the next one: as writers take turns at the counter row
 * anyway, one commit for many calls is what makes many writers fast.
 */
export class WriteQueue {
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly options: WriteQueueOptions) {}

  add(call: WriteCall): Promise<TransactResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ call, resolve, reject });
      this.running ??= this.drain();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) await this.process(this.waiting.splice(0, BATCH_CALLS));
    this.running = undefined;
  }

  /** A batch the database refuses is tried call by call, so that only the one it refuses fails. */
  private async process(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.write(batch.map(({ call }) => call));
      for (const [i, waiting] of batch.entries()) settle(waiting, outcomes[i]);
    } catch (error) {
      if (batch.length > 1 && !isAway(error)) {
        for (const waiting of batch) await this.process([waiting]);
        return;
      }
      for (const waiting of batch) waiting.reject(error);
    }
  }

  private async write(calls: readonly WriteCall[]): Promise<WriteOutcome[]> {
    const { dataSource, clock, logLinesMin } = this.options;
    const runner = dataSource.createQueryRunner();
    try {
      const client: ClientBase = await runner.connect();
      const options = { now: new Date(clock.now()).toISOString(), logLinesMin };
      return await writeBatch(client, calls, options).catch(async (error: unknown) => {
        await client.query('ROLLBACK').catch(() => {}); // a connection that is lost has none
        throw error;
      });
    } finally {
      await runner.release();
    }
  }
}

function settle(waiting: Waiting, outcome: WriteOutcome | undefined): void {
  if (outcome && 'result' in outcome) waiting.resolve(outcome.result);
  else waiting.reject(outcome?.error);
}
