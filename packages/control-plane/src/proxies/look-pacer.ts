import { PACE_WINDOW_MS_MAX } from './pacer.js';

/** How long changes may wait: not at all, while others are worked in, or until more of them have come. */
export type LookUrgency = 'now' | 'soon' | 'later';

/** The pause before a look, over what the last one cost. */
const PAUSE_OVER_COST: Readonly<Record<LookUrgency, number>> = { now: 0, soon: 1, later: 20 };

/**
 * Like `Pacer` for work that goes on while the next changes come: decides when changes are looked at: at once (next turn of the
 * event loop, so that all changes of this turn are one) when idle; under churn after a pause in proportion to the work the last
 * look brought about, at most PACE_WINDOW_MS_MAX. What nobody waits for is gathered for longer, so that proxies which several
 * changes concern are told of them together.
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

  /** Asks for a look; asking again before it came can only bring it forward. */
  trigger(urgency: LookUrgency = 'soon'): void {
    if (this.stopped) return;
    const nowMs = this.now();
    const pause = Math.min(PACE_WINDOW_MS_MAX, this.costMs * PAUSE_OVER_COST[urgency]);
    const pauseMs = Math.max(0, this.lastEndMs + pause - nowMs);
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
