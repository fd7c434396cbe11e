/** Tells a listener what changed: at once, then what changes within a pause is told once, and what is equal not at all. */
export class Teller<T> {
  private timer: NodeJS.Timeout | undefined;
  private lastAt = Number.NEGATIVE_INFINITY;
  private last: string | undefined;

  constructor(
    private readonly options: {
      readonly intervalMs: number;
      /** Undefined: there is nothing to tell yet. */
      readonly compute: () => T | undefined;
      readonly listener: (value: T) => void;
      readonly signal: AbortSignal;
    },
  ) {
    options.signal.addEventListener('abort', () => clearTimeout(this.timer), { once: true });
  }

  /** Something may have changed. */
  readonly trigger = (): void => {
    if (this.timer || this.options.signal.aborted) return;
    const wait = this.lastAt + this.options.intervalMs - performance.now();
    this.timer = setTimeout(() => this.tell(), Math.max(0, wait));
  };

  private tell(): void {
    this.timer = undefined;
    const value = this.options.compute();
    if (value === undefined) return;
    const text = JSON.stringify(value);
    if (text === this.last) return;
    this.last = text;
    this.lastAt = performance.now();
    this.options.listener(value);
  }
}
