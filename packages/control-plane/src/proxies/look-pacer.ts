import { PACE_WINDOW_MS_MAX } from './pacer.js';

/**
 * Like `Pacer` for work that goes on while the next changes come: decides when changes are looked at: at once (next turn of the event loop, so that all changes of this
 * turn are one) when idle; under churn after a pause in proportion to the work the last look brought
 * about, at most PACE_WINDOW_MS_MAX.
 */
export class LookPacer {
  private scheduled: { readonly atMs: number; cancel(): void } | undefined;
  private stopped = false;
  private lastEndMs = Number.NEGATIVE_INFINITY;
  private costMs = 0;

  constructor(
    private readonly look: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Asks for a look, an urgent one without a pause; asking again before it came changes nothing else. */
  trigger(urgent = false): void {
    if (this.stopped) return;
    const nowMs = this.now();
    const pauseMs = urgent ? 0 : Math.max(0, this.lastEndMs + Math.min(PACE_WINDOW_MS_MAX, this.costMs) - nowMs);
    if (this.scheduled && this.scheduled.atMs <= nowMs + pauseMs) return;
    this.scheduled?.cancel();
    this.scheduled = { atMs: nowMs + pauseMs, cancel: this.schedule(pauseMs) };
  }

  /** A part of the work that the last look brought about has been done. */
  worked(durationMs: number): void {
    this.costMs += durationMs;
    this.lastEndMs = this.now();
  }

  stop(): void {
    this.stopped = true;
    this.scheduled?.cancel();
    this.scheduled = undefined;
  }

  private schedule(pauseMs: number): () => void {
    if (pauseMs < 1) {
      const immediate = setImmediate(() => this.run());
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(() => this.run(), pauseMs);
    return () => clearTimeout(timer);
  }

  private run(): void {
    this.scheduled = undefined;
    this.costMs = 0;
    this.lastEndMs = this.now();
    this.look();
  }
}
