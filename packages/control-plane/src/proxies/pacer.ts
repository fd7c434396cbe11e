/** Longest time changes are gathered before they are worked on. */
export const PACE_WINDOW_MS_MAX = 100;

/**
 * Decides when a batch of work starts: at once (next turn of the event loop, so that all changes
 * of this turn are one batch) when idle; under churn after a pause in proportion to what the
 * last batch cost, at most PACE_WINDOW_MS_MAX. Batches never overlap.
 */
export class Pacer {
  private scheduled: { cancel(): void } | undefined;
  private running = false;
  private again = false;
  private stopped = false;
  private lastEndMs = Number.NEGATIVE_INFINITY;
  private lastCostMs = 0;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Asks for a batch; asking again before it started changes nothing. */
  trigger(): void {
    if (this.stopped || this.scheduled) return;
    if (this.running) {
      this.again = true;
      return;
    }
    const pauseMs = Math.min(PACE_WINDOW_MS_MAX, this.lastCostMs) - (this.now() - this.lastEndMs);
    if (pauseMs < 1) {
      const immediate = setImmediate(() => void this.run());
      this.scheduled = { cancel: () => clearImmediate(immediate) };
    } else {
      const timer = setTimeout(() => void this.run(), pauseMs);
      this.scheduled = { cancel: () => clearTimeout(timer) };
    }
  }

  stop(): void {
    this.stopped = true;
    this.scheduled?.cancel();
    this.scheduled = undefined;
  }

  private async run(): Promise<void> {
    this.scheduled = undefined;
    this.running = true;
    this.again = false;
    const startMs = this.now();
    try {
      await this.work();
    } finally {
      this.lastEndMs = this.now();
      this.lastCostMs = this.lastEndMs - startMs;
      this.running = false;
      if (this.again) this.trigger();
    }
  }
}
