import { setTimeout as delay } from 'node:timers/promises';
import { type Leadership, type Logger, messageOf } from '@mesh/core';
import type { QueryResultRow } from 'pg';
import { LeaderWatch, LOOK_MS } from './leader-watch.js';
import {
  ANNOUNCE,
  ANNOUNCE_MS,
  BEAT,
  BEAT_MS,
  GIVE_BACK,
  GUARD,
  LEASE_MS,
  LOOK,
  type LookRow,
  lookOf,
  RENEW,
  silenceOf,
  TAKE,
  UNGUARD,
} from './lease-statements.js';

const RENEW_MS = 1_500;
const RETRY_FAILED_WORK_MS = 1_000;
const RETRY_QUERY_MS = 500;
/** A candidate that was itself without a connection lets the leader come back first: the server may have been away for all. */
const SETTLE_MS = 1_000;

type Work = (leadership: Leadership) => Promise<void>;

interface Candidate {
  readonly work: Work;
}

interface Term {
  readonly candidate: Candidate;
  readonly fence: number;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

type Query = <Row extends QueryResultRow>(text: string, values: unknown[]) => Promise<Row[]>;

/** The one connection of an instance that stands as long as the instance lives. */
export interface StandingConnection {
  /** Throws `unavailable` while there is none. */
  readonly query: Query;
  /** When it came up, by `performance.now()`; another one was made where this changes. Undefined while there is none. */
  readonly upSince: number | undefined;
}

export interface ElectionContext {
  readonly query: Query;
  readonly standing: StandingConnection;
  readonly log: Logger;
  /** Who stands for election, for people who look at the table. */
  readonly holder: string;
}

/**
 * The election of one name. A lease in the database says which instance leads, the queue says which
 * candidate of this instance. A lease ends although the connection of a paused process lives on; whoever
 * cannot renew it in time stops leading by itself, and the fence keeps out what a former leader still
 * writes. Besides, the leader's standing connection holds a lock: a process that dies closes it, and
 * nobody waits for the rest of its lease. And while others wait, the leader says a word on that connection again and again;
 * who is silent hangs, and is followed as well: what it does when it goes on is refused.
 */
export class Election {
  private readonly queue: Candidate[] = [];
  private term: Term | undefined;
  /** The fence of the lease this instance holds. */
  private fence: number | undefined;
  /** Which standing connection holds the lock of that lease: when it came up. */
  private guardedSince: number | undefined;
  private steps: Promise<void> = Promise.resolve();
  private next: NodeJS.Timeout | undefined;
  private end: NodeJS.Timeout | undefined;
  private beats: NodeJS.Timeout | undefined;
  private isBeating = false;
  /** Until when the last candidate of another instance that spoke counts as waiting, by `performance.now()`. */
  private awaitedUntil = 0;
  /** When this instance last said that it waits, and for the end of which leader. */
  private announced: { readonly fence: string; readonly at: number } | undefined;
  private readonly watch = new LeaderWatch();

  constructor(
    private readonly name: string,
    private readonly context: ElectionContext,
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
      .catch((error) => {
        this.context.log.debug({ election: this.name, reason: messageOf(error) }, 'election postponed');
        if (this.queue.length > 0) this.stepIn(RETRY_QUERY_MS);
      });
    return this.steps;
  }

  /** A candidate waits, here or elsewhere: from now on the leader has to be heard. */
  awaited(): void {
    this.awaitedUntil = performance.now() + 3 * ANNOUNCE_MS;
    if (this.fence !== undefined) this.startBeats();
  }

  async close(): Promise<void> {
    await Promise.all([...this.queue].map((candidate) => this.leave(candidate)));
    clearTimeout(this.next);
    this.endTimers();
  }

  private async advance(): Promise<void> {
    // What leads goes on, or comes to its end, before anything else.
    if (this.term) return this.fence === undefined ? undefined : this.renew(this.fence);
    if (this.fence !== undefined) await this.giveBack(this.fence);
    const [head] = this.queue;
    if (head) await this.take(head);
  }

  private async take(head: Candidate): Promise<void> {
    const { query, holder, log } = this.context;
    const [held] = await query<LookRow>(LOOK, [this.name]);
    const seen = held && this.watch.look(lookOf(held));
    const isGone = held?.gone === true && this.isSettled;
    if (held && seen && !held.expired && !isGone && !seen.isSilent) {
      await this.announce(held.fence);
      return this.stepIn(seen.nextMs);
    }
    const askedAt = performance.now();
    const silent = seen?.isSilent && !isGone ? held?.fence : null;
    const [row] = await query<{ fence: string }>(TAKE, [this.name, holder, isGone, silent]);
    if (!row) return this.stepIn(LOOK_MS);
    if (held && !held.expired) {
      const why = isGone ? 'the connection of the leader ended' : 'the leader was silent';
      log.warn({ election: this.name, from: held.holder, silentMs: silenceOf(held) }, `took over: ${why}`);
    }
    this.hold(Number(row.fence), askedAt);
    if (this.queue[0] === head) this.begin(head, Number(row.fence));
    else void this.step();
  }

  private async announce(fence: string): Promise<void> {
    const at = performance.now();
    if (this.announced?.fence === fence && at - this.announced.at < ANNOUNCE_MS) return;
    await this.context.query(ANNOUNCE, [this.name]);
    this.announced = { fence, at };
  }

  private get isSettled(): boolean {
    const { upSince } = this.context.standing;
    return upSince !== undefined && performance.now() - upSince >= SETTLE_MS;
  }

  private async renew(fence: number): Promise<void> {
    const askedAt = performance.now();
    const [row] = await this.context.query(RENEW, [this.name, fence]);
    if (this.fence !== fence) return;
    if (row) return this.hold(fence, askedAt);
    this.lose();
    void this.step();
  }

  /** Counts from before the question: the lease is never thought longer than it is. */
  private hold(fence: number, askedAt: number): void {
    this.fence = fence;
    clearTimeout(this.end);
    this.end = setTimeout(() => this.lose(), Math.max(0, askedAt + LEASE_MS - performance.now()));
    this.startBeats();
    this.stepIn(RENEW_MS);
    void this.guard(fence);
  }

  private startBeats(): void {
    if (this.beats || performance.now() > this.awaitedUntil) return;
    this.beats = setInterval(() => void this.beat(), BEAT_MS);
    void this.beat();
  }

  /** One at a time: a connection that does not answer is silent. */
  private async beat(): Promise<void> {
    if (this.isBeating) return;
    if (performance.now() > this.awaitedUntil) return this.stopBeats();
    this.isBeating = true;
    await this.context.standing.query(BEAT, []).catch(() => {}); // the lease is what counts
    this.isBeating = false;
  }

  /** Where it cannot be had, the lease alone says who leads. */
  private async guard(fence: number): Promise<void> {
    const { standing, log } = this.context;
    const { upSince } = standing;
    if (upSince === undefined || upSince === this.guardedSince) return;
    this.guardedSince = upSince;
    try {
      const [row] = await standing.query<{ guarded: boolean }>(GUARD, [this.name, fence]);
      if (!row?.guarded) this.guardedSince = undefined;
    } catch (error) {
      this.guardedSince = undefined;
      log.debug({ election: this.name, reason: messageOf(error) }, 'the lease is not guarded yet');
    }
  }

  private unguard(fence: number): void {
    const { standing } = this.context;
    const isHeld = this.guardedSince !== undefined && this.guardedSince === standing.upSince;
    this.guardedSince = undefined;
    if (isHeld) standing.query(UNGUARD, [fence]).catch(() => {}); // a connection that is lost holds none
  }

  private async giveBack(fence: number): Promise<void> {
    this.endTimers();
    this.fence = undefined;
    this.unguard(fence);
    await this.context.query(GIVE_BACK, [this.name, fence]);
  }

  /** The lease is over, or will be before it could be renewed. */
  private lose(): void {
    this.endTimers();
    if (this.fence !== undefined) this.unguard(this.fence);
    this.fence = undefined;
    if (!this.term || this.term.abort.signal.aborted) return;
    this.context.log.warn({ election: this.name, fence: this.term.fence }, 'no longer leading: the lease could not be renewed');
    this.term.abort.abort();
  }

  private endTimers(): void {
    clearTimeout(this.end);
    this.stopBeats();
  }

  private stopBeats(): void {
    clearInterval(this.beats);
    this.beats = undefined;
  }

  private stepIn(ms: number): void {
    clearTimeout(this.next);
    this.next = setTimeout(() => void this.step(), ms);
  }

  private begin(candidate: Candidate, fence: number): void {
    const abort = new AbortController();
    const ended = this.serve(candidate, { fence, abort }).then(() => {
      this.term = undefined;
      void this.step();
    });
    this.term = { candidate, fence, abort, ended };
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
