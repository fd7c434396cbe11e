import { setTimeout as delay } from 'node:timers/promises';
import type { Change, FeedEvent, Logger, StoreSnapshot } from '@mesh/core';
import type { ChangeLogEntity } from './entities.js';
import { isAway } from './errors.js';
import { changeOfRow } from './rows.js';
import type { Session } from './session.js';

interface Follower {
  readonly listener: (event: FeedEvent) => void;
  revision: number;
  stopped: boolean;
}

export interface LogTailContext {
  readonly session: Session;
  readonly log: Logger;
  /**
   * Reads revision and resources of one moment.
   * @param revisionMin the picture must not be older; infinite: as new as there is.
   */
  readAll(revisionMin: number): Promise<FullState>;
  /** Changes that are read one by one to catch up; who missed more starts over. 0: no such bound. */
  readonly changesMax: number;
}

/** A picture of the store, and which write it is of. */
export interface FullState {
  readonly snapshot: StoreSnapshot;
  readonly writeId: string | null;
}

const BATCH_LINES = 500;
const RETRY_MS = 1_000;
const READ_LOG = 'SELECT * FROM change_log WHERE revision > $1 ORDER BY revision LIMIT $2';
const READ_REVISION = 'SELECT revision FROM store_meta WHERE id = 1';
const READ_WRITE_ID = 'SELECT write_id FROM change_log WHERE revision = $1';

/**
 * Reads the change log into followers. Notifications only wake it; what was missed while the
 * session was away is read from the last revision, or, where the log no longer reaches back so
 * far, replaced by a new snapshot.
 */
export class LogTail {
  private readonly followers = new Set<Follower>();
  /** Newest revision handed out; -1 while nobody follows. */
  private revision = -1;
  private work: Promise<unknown> = Promise.resolve();
  private wakePending = false;
  /** Newest revision somebody told of since the log was read. */
  private wanted = -1;
  private closed = false;

  /** Of the newest line handed out. */
  private writeId: string | null = null;

  constructor(private readonly context: LogTailContext) {}

  /**
   * Something may have been written.
   * @param revision of what was written, where that is known: nothing is read where it was handed out already.
   */
  wake(revision = Number.POSITIVE_INFINITY): void {
    if (this.closed) return;
    this.wanted = Math.max(this.wanted, revision);
    if (this.wakePending) return;
    this.wakePending = true;
    void this.serially(async () => {
      const { wanted } = this;
      this.wakePending = false;
      this.wanted = -1;
      if (wanted > this.revision) await this.catchUp();
    }).catch((err) => this.retry(err));
  }

  /**
   * Changes of a transaction that this process has committed: handed out without reading them back,
   * where they are the next ones. Where others wrote in between, the log is read.
   */
  offer(changes: readonly Change[], writeId: string): void {
    void this.serially(async () => {
      if (this.followers.size > 0 && changes[0]?.revision === this.revision + 1) this.handOutOne(changes, writeId);
    }).then(() => this.revision < (changes.at(-1)?.revision ?? 0) && this.wake());
  }

  /** Gives a snapshot to the listener, then every later change. */
  async follow(listener: (event: FeedEvent) => void): Promise<{ stop(): Promise<void> }> {
    const follower: Follower = { listener, revision: -1, stopped: false };
    await this.serially(async () => {
      const isFirst = this.followers.size === 0;
      const { snapshot, writeId } = await this.context.readAll(isFirst ? 0 : this.revision);
      this.deliver(follower, { type: 'snapshot', snapshot });
      if (isFirst) {
        this.revision = snapshot.revision;
        this.writeId = writeId;
        this.checked = false;
      }
      this.followers.add(follower);
    });
    this.wake();
    return {
      stop: async () => {
        follower.stopped = true;
        this.followers.delete(follower);
      },
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const follower of this.followers) follower.stopped = true;
    this.followers.clear();
    await this.work.catch(() => {});
  }

  private serially<T>(task: () => Promise<T>): Promise<T> {
    const done = this.work.then(task, task);
    this.work = done.catch(() => {});
    return done;
  }

  private async retry(err: unknown): Promise<void> {
    if (isAway(err) || this.context.session.upSince === undefined) return; // the session wakes us when it is back
    this.context.log.error({ err }, 'reading the change log failed');
    await delay(RETRY_MS);
    this.wake();
  }

  private async catchUp(): Promise<void> {
    if (this.followers.size === 0) return;
    if (!this.checked && !(await this.checkHistory())) return this.startOver();
    let lines: ChangeLogEntity[] = [];
    let full = true;
    while (full && this.followers.size > 0) {
      const from = Number(lines.at(-1)?.revision ?? this.revision);
      const batch = await this.context.session.query<ChangeLogEntity & { [column: string]: unknown }>(READ_LOG, [from, BATCH_LINES]);
      full = batch.length === BATCH_LINES;
      // Lines were trimmed that were not read yet.
      if (batch.some(({ revision }, i) => Number(revision) !== from + i + 1)) return this.startOver();
      if (full && (await this.isTooMuch())) return this.startOver();
      lines.push(...batch);
      // The last transaction of a full batch may go on in the next one.
      const complete = full ? lines.filter((line) => line.transaction !== lines.at(-1)?.transaction) : lines;
      lines = lines.slice(complete.length);
      this.handOut(complete);
    }
  }

  /** Whether so much was missed that the whole state is read instead. */
  private async isTooMuch(): Promise<boolean> {
    const { changesMax, session } = this.context;
    if (changesMax === 0) return false;
    const [row] = await session.query<{ revision: string }>(READ_REVISION);
    return Number(row?.revision) - this.revision > changesMax;
  }

  /**
   * Whether the log goes on from what was handed out: its newest line is still there, and of the same
   * write. It is not where the database was put back to an earlier state or failed over to a server
   * that lacks the last writes, even if others have written since.
   */
  private async checkHistory(): Promise<boolean> {
    const [row] = await this.context.session.query<{ write_id: string | null }>(READ_WRITE_ID, [this.revision]);
    this.checked = true;
    return this.revision === 0 || (row !== undefined && row.write_id === this.writeId);
  }

  /** Whether our history was compared with the store's since the session came up. */
  private checked = false;

  /** The session is new: compare histories once and read what was missed. */
  sessionUp(): void {
    this.checked = false;
    this.wake();
  }

  private async startOver(): Promise<void> {
    const { snapshot, writeId } = await this.context.readAll(Number.POSITIVE_INFINITY);
    this.context.log.warn(
      { from: this.revision, to: snapshot.revision },
      'the change log does not go on from what was read: starting over from a snapshot',
    );
    this.revision = snapshot.revision;
    this.writeId = writeId;
    for (const follower of [...this.followers]) this.deliver(follower, { type: 'snapshot', snapshot });
  }

  private handOut(lines: readonly ChangeLogEntity[]): void {
    for (let start = 0; start < lines.length; ) {
      let end = start + 1;
      while (end < lines.length && lines[end]?.transaction === lines[start]?.transaction) end++;
      this.handOutOne(lines.slice(start, end).map(changeOfRow), lines[end - 1]?.write_id ?? null);
      start = end;
    }
  }

  /** One whole transaction. */
  private handOutOne(changes: readonly Change[], writeId: string | null): void {
    this.revision = changes.at(-1)?.revision ?? this.revision;
    this.writeId = writeId;
    for (const follower of [...this.followers]) {
      if (follower.revision < this.revision) this.deliver(follower, { type: 'changes', changes });
    }
  }

  private deliver(follower: Follower, event: FeedEvent): void {
    if (follower.stopped) return;
    follower.revision = event.type === 'snapshot' ? event.snapshot.revision : (event.changes.at(-1)?.revision ?? follower.revision);
    try {
      follower.listener(event);
    } catch (err) {
      this.context.log.error({ err }, 'a follower of the store failed');
    }
  }
}
