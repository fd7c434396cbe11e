/** How often each stream of ours shows that it lives. */
export const BEAT_INTERVAL_MS = 4_000;
/** A stream that was silent for this many intervals is ended; looked at with each beat, so at the latest one interval later. */
const SILENT_INTERVALS_MAX = 2.25;
/** Largest factor by which a slow line may stretch that. */
export const PATIENCE_MAX = 16;

export interface PulseOptions {
  readonly intervalMs: number;
  /** Called every interval. */
  readonly beat: () => void;
  /** Called once, with how long nothing was heard. */
  readonly onSilent: (silenceMs: number) => void;
  /** Factor on the time of silence that is borne, for lines on which parts of a first sync take long. */
  readonly patience?: number;
}

/**
 * The liveness of one stream: whoever is heard lives. A stream is judged once its peer is known to
 * send beats or to answer them; peers that do not know them are left to the keep-alive of the connection.
 */
export class Pulse {
  private heardMs = performance.now();
  private tickedMs = performance.now();
  private judges = false;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: PulseOptions) {
    this.timer = setInterval(() => this.tick(), options.intervalMs);
  }

  /** Something came from the peer. */
  heard(): void {
    this.heardMs = performance.now();
  }

  /** From now on silence ends the stream. */
  judge(): void {
    this.judges = true;
  }

  /** How long nothing came. */
  get silenceMs(): number {
    return performance.now() - this.heardMs;
  }

  /** Whether silence means anything: see `judge`. */
  get isJudging(): boolean {
    return this.judges;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const { intervalMs, patience = 1 } = this.options;
    const nowMs = performance.now();
    // This process stood still itself: what came meanwhile has not been read yet.
    if (nowMs - this.tickedMs > 2 * intervalMs) this.heardMs = nowMs;
    this.tickedMs = nowMs;
    const { silenceMs } = this;
    if (this.judges && silenceMs > SILENT_INTERVALS_MAX * intervalMs * Math.min(patience, PATIENCE_MAX)) {
      this.stop();
      this.options.onSilent(silenceMs);
      return;
    }
    this.options.beat();
  }
}
