import { setTimeout as delay } from 'node:timers/promises';
import type { Change, FeedEvent, Logger, StoreSnapshot } from '@mesh/core';
import type { ChangeLogEntity, ResourceEntity } from './entities.js';
import { isAway } from './errors.js';
import { changeOfRow, resourceOfRow } from './rows.js';
import type { Session } from './session.js';

interface Follower {
  readonly listener: (event: FeedEvent) => void;
  revision: number;
  stopped: boolean;
}

const BATCH_LINES = 500;
const RETRY_MS = 1_000;
const READ_LOG = 'SELECT * FROM change_log WHERE revision > $1 ORDER BY revision LIMIT $2';
const READ_REVISION = 'SELECT revision FROM store_meta WHERE id = 1';
/** One statement, so that revision and resources are of one moment. */
const READ_ALL = 'SELECT m.revision AS store_revision, r.* FROM store_meta m LEFT JOIN resources r ON true WHERE m.id = 1';

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
  private closed = false;

  constructor(private readonly context: { session: Session; log: Logger }) {}

  /** Something may have been written. */
  wake(): void {
    if (this.wakePending || this.closed) return;
    this.wakePending = true;
    void this.serially(async () => {
      this.wakePending = false;
      await this.catchUp();
    }).catch((err) => this.retry(err));
  }

  /**
   * Changes of a transaction that this process has committed: handed out without reading them back,
   * where they are the next ones. Where others wrote in between, the log is read.
   */
  offer(changes: readonly Change[]): void {
    void this.serially(async () => {
      if (this.followers.size > 0 && changes[0]?.revision === this.revision + 1) this.handOutOne(changes);
    }).then(() => this.revision < (changes.at(-1)?.revision ?? 0) && this.wake());
  }

  /** Gives a snapshot to the listener, then every later change. */
  async follow(listener: (event: FeedEvent) => void): Promise<{ stop(): Promise<void> }> {
    const follower: Follower = { listener, revision: -1, stopped: false };
    await this.serially(async () => {
      const snapshot = await this.readAll();
      this.deliver(follower, { type: 'snapshot', snapshot });
      if (this.followers.size === 0) this.revision = snapshot.revision;
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
    if (isAway(err) || !this.context.session.isUp) return; // the session wakes us when it is back
    this.context.log.error({ err }, 'reading the change log failed');
    await delay(RETRY_MS);
    this.wake();
  }

  private async catchUp(): Promise<void> {
    let lines: ChangeLogEntity[] = [];
    let full = true;
    while (full && this.followers.size > 0) {
      const from = lines.at(-1)?.revision ?? this.revision;
      const batch = await this.context.session.query<ChangeLogEntity & { [column: string]: unknown }>(READ_LOG, [from, BATCH_LINES]);
      full = batch.length === BATCH_LINES;
      lines.push(...batch);
      if (lines.length > 0 && Number(lines[0]?.revision) !== this.revision + 1) return this.startOver();
      // The last transaction of a full batch may go on in the next one.
      const complete = full ? lines.filter((line) => line.transaction !== lines.at(-1)?.transaction) : lines;
      lines = lines.slice(complete.length);
      this.handOut(complete);
    }
    if (this.followers.size > 0) await this.checkRevision();
  }

  /** Finds a store that was put back to an earlier state, or a log trimmed to nothing. */
  private async checkRevision(): Promise<void> {
    if (this.checked) return;
    this.checked = true;
    const [row] = await this.context.session.query<{ revision: string }>(READ_REVISION);
    if (Number(row?.revision) < this.revision) await this.startOver();
  }

  /** Whether the store's own revision was compared since the session came up. */
  private checked = false;

  /** The session is new: compare revisions once and read what was missed. */
  sessionUp(): void {
    this.checked = false;
    this.wake();
  }

  private async startOver(): Promise<void> {
    const snapshot = await this.readAll();
    this.context.log.warn(
      { from: this.revision, to: snapshot.revision },
      'the change log does not reach back: starting over from a snapshot',
    );
    this.revision = snapshot.revision;
    for (const follower of [...this.followers]) this.deliver(follower, { type: 'snapshot', snapshot });
  }

  private handOut(lines: readonly ChangeLogEntity[]): void {
    for (let start = 0; start < lines.length; ) {
      let end = start + 1;
      while (end < lines.length && lines[end]?.transaction === lines[start]?.transaction) end++;
      this.handOutOne(lines.slice(start, end).map(changeOfRow));
      start = end;
    }
  }

  /** One whole transaction. */
  private handOutOne(changes: readonly Change[]): void {
    this.revision = changes.at(-1)?.revision ?? this.revision;
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

  private async readAll(): Promise<StoreSnapshot> {
    const rows = await this.context.session.query<ResourceEntity & { store_revision: string; [column: string]: unknown }>(READ_ALL);
    const resources = rows.filter((row) => row.kind !== null).map(resourceOfRow);
    return { revision: Number(rows[0]?.store_revision ?? 0), resources };
  }
}
