import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@mesh/core';
import { messageOf } from '@mesh/core';
import type { AdsHandler } from '../ads/handler.js';
import type { WorkerSettings, WorkerUsage } from './messages.js';
import { WorkerProcess } from './worker-process.js';

/** How many processes serve the streams of one server. */
export interface WorkerCounts {
  /** Workers beside the main process; 0: it serves all streams itself. */
  readonly max: number;
  /** One worker for so many connections of the server; 0: all of them from the start. */
  readonly connectionsEach: number;
  /** A worker that says nothing for so long is taken for hung, and replaced; 20 s unless said. */
  readonly silenceMs?: number;
}

export interface StreamWorkersOptions {
  readonly counts: WorkerCounts;
  /** What they are told when they start. */
  readonly settings: () => Promise<WorkerSettings>;
  readonly handler: AdsHandler;
  readonly log: Logger;
}

/** What is known of a worker. */
export interface WorkerReport extends WorkerUsage {
  /** Counts from 1; a worker that takes the place of one that ended has its number. */
  readonly worker: number;
  /** Bytes on their way to it. */
  readonly backlogBytes: number;
}

/** A worker that lived so long did not fail because of how it was started. */
const STABLE_MS = 10_000;
const SILENCE_MS = 20_000;
const RESTART_MS_MIN = 1_000;
const RESTART_MS_MAX = 30_000;

/** A worker that is busier than this is not waited for by those who ask what it uses. */
const ANSWER_WITHIN_MS = 1_000;

/** The place of a worker: one process after the other. */
interface Slot {
  readonly number: number;
  worker: WorkerProcess | undefined;
  startedMs: number;
  /** In a row, each soon after its start. */
  failures: number;
}

/**
 * The workers of a server: started as connections come, handed each new one where the fewest are, and started again where
 * one ends. While none is there the main process serves.
 */
export class StreamWorkers {
  private readonly slots: Slot[] = [];
  private draining = false;
  private restartCount = 0;

  constructor(private readonly options: StreamWorkersOptions) {}

  /** Workers that were started in place of one that had ended. */
  get restarts(): number {
    return this.restartCount;
  }

  /** Starts those that do not wait for connections, and resolves when they are there. */
  async start(): Promise<void> {
    this.grow(0);
    await Promise.all(this.slots.map(({ worker }) => worker?.ready));
  }

  /**
   * Hands a connection, of which nothing was read, to the worker with the fewest.
   * @param served connections that the main process serves.
   * @returns false where the main process has to serve it.
   */
  place(socket: Socket, served: number): boolean {
    if (this.options.counts.max === 0 || this.draining) return false;
    const ready = this.ready();
    this.grow(ready.reduce((sum, { connections }) => sum + connections, served + 1));
    const [target] = ready.sort((a, b) => a.connections - b.connections);
    target?.take(socket);
    return target !== undefined;
  }

  /** What the workers use now; those that do not answer are left out. */
  async reports(): Promise<WorkerReport[]> {
    const patience = delay(ANSWER_WITHIN_MS, undefined, { ref: false });
    const reports = this.slots.map(async ({ number, worker }) => {
      const usage = await Promise.race([worker?.usage(), patience]);
      return usage && worker && { ...usage, worker: number, backlogBytes: worker.backlogBytes };
    });
    return (await Promise.all(reports)).filter((report) => report !== undefined);
  }

  /** Lets streams end by themselves for so long, then cuts them; resolves when all workers are gone. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    await Promise.all(this.slots.map(({ worker }) => worker?.drain(graceMs)));
  }

  private ready(): WorkerProcess[] {
    return this.slots.flatMap(({ worker }) => (worker?.isReady ? worker : []));
  }

  private grow(connections: number): void {
    const { max, connectionsEach } = this.options.counts;
    const wanted = connectionsEach === 0 ? max : Math.min(max, Math.floor(connections / connectionsEach));
    while (this.slots.length < wanted) {
      const slot: Slot = { number: this.slots.length + 1, worker: undefined, startedMs: 0, failures: 0 };
      this.slots.push(slot);
      this.launch(slot);
    }
  }

  private launch(slot: Slot): void {
    const { settings, handler, log, counts } = this.options;
    slot.startedMs = performance.now();
    const worker = new WorkerProcess({
      settings,
      handler,
      silenceMs: counts.silenceMs ?? SILENCE_MS,
      onError: (error) => log.error({ worker: slot.number, error: messageOf(error) }, 'a worker has a problem'),
      onExit: (reason) => this.ended(slot, reason),
    });
    slot.worker = worker;
    void worker.ready.then(() => worker.isReady && log.info({ worker: slot.number, pid: worker.pid }, 'a worker serves streams'));
  }

  private ended(slot: Slot, reason: string): void {
    slot.worker = undefined;
    if (this.draining) return;
    slot.failures = performance.now() - slot.startedMs >= STABLE_MS ? 0 : slot.failures + 1;
    const restartMs = slot.failures === 0 ? 0 : Math.min(RESTART_MS_MAX, RESTART_MS_MIN * 2 ** (slot.failures - 1));
    this.options.log.error(
      { worker: slot.number, reason, restartMs },
      'a worker ended, its proxies connect anew; another one is started in its place',
    );
    setTimeout(() => {
      if (this.draining) return;
      this.restartCount += 1;
      this.launch(slot);
    }, restartMs).unref();
  }
}
