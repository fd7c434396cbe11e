import { setTimeout as delay } from 'node:timers/promises';
import { type Leadership, MeshError } from '@mesh/core';

type Work = (leadership: Leadership) => Promise<void>;

const RETRY_FAILED_WORK_MS = 1_000;

interface Candidate {
  readonly work: Work;
  readonly abort: AbortController;
  running: Promise<void>;
}

/** Elections of a store that lives in one process: the first candidate of a name leads, the others wait. */
export class Elections {
  private readonly queues = new Map<string, Candidate[]>();
  /** Newest fence by name of the election. */
  private readonly fences = new Map<string, number>();
  private lastFence = 0;

  constructor(private readonly onWorkError: (error: unknown) => void) {}

  /** Queues a candidate. */
  join(name: string, work: Work): { stop(): Promise<void> } {
    const candidate: Candidate = { work, abort: new AbortController(), running: Promise.resolve() };
    const queue = this.queues.get(name) ?? [];
    this.queues.set(name, queue);
    queue.push(candidate);
    if (queue.length === 1) this.elect(name, candidate);
    return { stop: () => this.leave(name, candidate) };
  }

  /** Throws `conflict` where the fence is not that of a present leader. */
  check(fence: number | undefined): void {
    if (fence === undefined || [...this.fences.values()].includes(fence)) return;
    throw new MeshError('conflict', { public: 'another leader has taken over' });
  }

  /** Ends all leaderships. */
  async close(): Promise<void> {
    const all = [...this.queues.entries()].flatMap(([name, queue]) => queue.map((candidate) => ({ name, candidate })));
    for (const { candidate } of all) candidate.abort.abort();
    await Promise.all(all.map(({ name, candidate }) => this.leave(name, candidate)));
  }

  private elect(name: string, candidate: Candidate): void {
    const fence = ++this.lastFence;
    this.fences.set(name, fence);
    candidate.running = this.serve(name, { candidate, fence });
  }

  private async serve(name: string, { candidate, fence }: { candidate: Candidate; fence: number }): Promise<void> {
    const { signal } = candidate.abort;
    await Promise.resolve(); // `lead` returns before the work begins, as with a real election
    try {
      await candidate.work({ fence, signal });
    } catch (error) {
      if (signal.aborted) return;
      this.onWorkError(error);
      await delay(RETRY_FAILED_WORK_MS, undefined, { signal }).catch(() => {});
      if (!signal.aborted) this.elect(name, candidate);
    }
  }

  private async leave(name: string, candidate: Candidate): Promise<void> {
    candidate.abort.abort();
    await candidate.running;
    const queue = this.queues.get(name) ?? [];
    const at = queue.indexOf(candidate);
    if (at < 0) return;
    queue.splice(at, 1);
    const next = queue[0];
    if (at === 0 && next && !next.abort.signal.aborted) this.elect(name, next);
  }
}
