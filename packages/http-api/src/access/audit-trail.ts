import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, type Logger, laneOf, MeshError, messageOf, type TimedAuditEntry } from '@mesh/core';
import { RateLimit } from './rate-limit.js';

/** Why a record is not kept: too many strangers are refused, the control plane is away for too long, it will not take it, the end. */
export type DropReason = 'flood' | 'backlog' | 'rejected' | 'shutdown';

export interface AuditTrailOptions {
  /** Keeps records; MeshError `unavailable` means try again. */
  readonly keep: (entries: readonly TimedAuditEntry[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onDropped: (reason: DropReason, count: number) => void;
}

/** Records each second of what strangers were refused; what they do is worth no disk. */
export const STRANGER_RECORDS_PER_SECOND = 20;
/** Records that wait for the control plane. */
export const WAITING_RECORDS_MAX = 5_000;
const BATCH_RECORDS = 500;
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 2_000;
const CLOSE_GRACE_MS = 2_000;
const LOG_EVERY_MS = 10_000;

/**
 * The way of records that are not part of a write to where they are kept: in order, many at a time, tried again while the
 * control plane is away. All is bounded, and what is dropped is counted and told; the line in the log it has in any case.
 */
export class AuditTrail {
  private readonly waiting: TimedAuditEntry[] = [];
  private readonly strangers: RateLimit;
  private readonly ending = new AbortController();
  private readonly dropped = new Map<DropReason, number>();
  private reporting: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;

  constructor(private readonly options: AuditTrailOptions) {
    this.strangers = new RateLimit(STRANGER_RECORDS_PER_SECOND, () => options.clock.now());
  }

  /** Takes a record; returns at once. */
  add(entry: TimedAuditEntry): void {
    if (laneOf(entry) === 'strangers' && this.strangers.take('') > 0) return this.drop('flood', 1);
    if (this.waiting.length >= WAITING_RECORDS_MAX) return this.drop('backlog', 1);
    if (this.ending.signal.aborted) return this.drop('shutdown', 1);
    this.waiting.push(entry);
    this.sending ??= this.send();
  }

  /** Resolves when all is kept, or a little later without. */
  async close(): Promise<void> {
    const patience = setTimeout(() => this.ending.abort(), CLOSE_GRACE_MS);
    await this.sending;
    clearTimeout(patience);
    this.ending.abort();
    this.report();
  }

  private async send(): Promise<void> {
    let pauseMs = PAUSE_MS_MIN;
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, BATCH_RECORDS);
      try {
        await this.options.keep(batch);
        this.waiting.splice(0, batch.length);
        pauseMs = PAUSE_MS_MIN;
      } catch (error) {
        if (this.ending.signal.aborted) this.drop('shutdown', this.waiting.splice(0).length);
        else if (MeshError.is(error, 'unavailable')) {
          await delay(pauseMs, undefined, { signal: this.ending.signal }).catch(() => {});
          pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
        } else this.reject(batch.length, error);
      }
    }
    this.sending = undefined;
  }

  private reject(count: number, error: unknown): void {
    this.waiting.splice(0, count);
    this.options.log.error({ reason: messageOf(error) }, 'records of the audit are not taken');
    this.drop('rejected', count);
  }

  private drop(reason: DropReason, count: number): void {
    this.options.onDropped(reason, count);
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + count);
    this.reporting ??= setTimeout(() => this.report(), LOG_EVERY_MS).unref();
  }

  private report(): void {
    clearTimeout(this.reporting);
    this.reporting = undefined;
    if (this.dropped.size === 0) return;
    this.options.log.warn({ dropped: Object.fromEntries(this.dropped) }, 'records of the audit were dropped; their lines are in this log');
    this.dropped.clear();
  }
}
