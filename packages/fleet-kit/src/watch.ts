import { DurationHistogram, type Durations } from './histogram.js';

/** How a change arrived at the proxies it concerns. */
export interface Arrival {
  /** From the write until each proxy had acknowledged it. */
  readonly proxies: Durations;
  /** Until the last one had. */
  readonly lastMs: number;
  /** Proxies that did not get there before the deadline, with what they lacked. */
  readonly late: readonly string[];
}

/** Whatever changes have to reach. */
export interface Watched {
  readonly name: string;
}

export interface WatchOptions<Proxy extends Watched> {
  readonly proxies: Iterable<Proxy>;
  /** What a proxy still lacks; undefined where it is there. */
  readonly lacks: (proxy: Proxy) => string | undefined;
  readonly deadlineMs: number;
  /** All of them have to be there at the same time: a change that is still on its way may take one back out of it. */
  readonly together?: boolean;
}

/** How many late proxies are named. */
const LATE_NAMED_MAX = 10;

/** Waits until proxies are in a state, looking at each one again whenever it acknowledged something. */
export class Watch<Proxy extends Watched> {
  private readonly all: readonly Proxy[];
  private readonly pending: Set<Proxy>;
  private readonly histogram = new DurationHistogram();
  private readonly startedMs = performance.now();
  private lastMs = 0;
  private finish: (arrival: Arrival) => void = () => {};
  private timer: NodeJS.Timeout | undefined;
  /** Resolves when all are there, or at the deadline. */
  readonly arrived: Promise<Arrival>;

  constructor(private readonly options: WatchOptions<Proxy>) {
    this.all = [...options.proxies];
    this.pending = new Set(this.all);
    this.arrived = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.timer = setTimeout(() => this.end(), options.deadlineMs);
    for (const proxy of this.all) this.look(proxy);
    if (this.all.length === 0) this.end();
  }

  /** A proxy acknowledged something. */
  look(proxy: Proxy): void {
    if (!this.pending.has(proxy) || this.options.lacks(proxy) !== undefined) return;
    this.pending.delete(proxy);
    this.lastMs = performance.now() - this.startedMs;
    this.histogram.recordMs(this.lastMs);
    if (this.pending.size > 0) return;
    if (this.options.together) for (const each of this.all) if (this.options.lacks(each) !== undefined) this.pending.add(each);
    if (this.pending.size === 0) this.end();
  }

  private end(): void {
    clearTimeout(this.timer);
    const late = [...this.pending];
    const named = late.slice(0, LATE_NAMED_MAX).map((proxy) => `${proxy.name}: ${this.options.lacks(proxy) ?? 'nothing any more'}`);
    if (late.length > LATE_NAMED_MAX) named.push(`and ${late.length - LATE_NAMED_MAX} more`);
    this.finish({ proxies: this.histogram.figures, lastMs: this.lastMs, late: named });
  }
}
