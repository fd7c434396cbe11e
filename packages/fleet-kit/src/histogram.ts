import { createHistogram } from 'node:perf_hooks';

/** Percentiles of a series of durations, in milliseconds. */
export interface Durations {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Durations in bounded memory: Node's HDR histogram, in microseconds. */
export class DurationHistogram {
  private readonly histogram = createHistogram({ figures: 3 });

  recordMs(ms: number): void {
    this.histogram.record(Math.max(1, Math.round(ms * 1000)));
  }

  /** All zero where nothing was recorded. */
  get figures(): Durations {
    const { histogram } = this;
    if (histogram.count === 0) return { count: 0, p50: 0, p90: 0, p99: 0, max: 0 };
    const at = (percent: number) => histogram.percentile(percent) / 1000;
    return { count: histogram.count, p50: at(50), p90: at(90), p99: at(99), max: histogram.max / 1000 };
  }
}
