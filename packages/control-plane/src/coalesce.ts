/**
 * Runs work after changes: at once when idle, then at most once per interval. Changes during a run
 * or a pause are one later run. Errors go to `onError`; the next change tries again.
 */
export class Coalescer {
  private timer: NodeJS.Timeout | undefined;
  private running = false;
  private wanted = false;
  private stopped = false;
  private lastRunAt = Number.NEGATIVE_INFINITY;
  private current: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: {
      readonly intervalMs: number;
      readonly work: () => Promise<void>;
      readonly onError: (error: unknown) => void;
    },
  ) {}

  /** Something changed. */
  trigger(): void {
    if (this.stopped) return;
    this.wanted = true;
    if (this.running || this.timer) return;
    const wait = Math.max(0, this.lastRunAt + this.options.intervalMs - performance.now());
    this.timer = setTimeout(() => this.run(), wait);
  }

  /** Ends it; resolves when a run that is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.current;
  }

  private run(): void {
    this.timer = undefined;
    this.running = true;
    this.wanted = false;
    this.lastRunAt = performance.now();
    this.current = this.options
      .work()
      .catch(this.options.onError)
      .finally(() => {
        this.running = false;
        if (this.wanted) this.trigger();
      });
  }
}
