import { MeshError } from '@mesh/core';

export interface AdmissionOptions {
  /** Proxies that may be on their way to their first complete configuration at once. */
  readonly atOnce?: number;
  /** Proxies that may wait for their turn. */
  readonly waitingMax?: number;
  /** A proxy that has not accepted its configuration after so long holds up the others no more, in ms. */
  readonly holdMs?: number;
}

/** A proxy that was let in; to be released when it has its configuration, or is gone. Releasing twice does no harm. */
export interface Admitted {
  release(): void;
}

const AT_ONCE = 64;
const WAITING_MAX = 20_000;
const HOLD_MS = 2_000;

/**
 * Lets proxies in as fast as those before them have been served: after a restart all of them come at once, and each costs a
 * signature check, a registration and a configuration. Their streams are open meanwhile, so that none times out and dials again;
 * whoever comes first is served first. Only beyond `waitingMax` a proxy is told to come again: our bootstrap has Envoy do so after
 * a random pause of up to 1.5 s.
 */
export class Admission {
  private readonly waiting = new Set<() => void>();
  private underWay = 0;
  private readonly options: Required<AdmissionOptions>;

  constructor(options: AdmissionOptions = {}) {
    this.options = { atOnce: AT_ONCE, waitingMax: WAITING_MAX, holdMs: HOLD_MS, ...options };
  }

  /** Proxies that wait for their turn. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Resolves when it is the caller's turn. @throws MeshError `unavailable` where too many wait, or when the signal aborts. */
  async enter(signal?: AbortSignal): Promise<Admitted> {
    if (this.underWay < this.options.atOnce) this.underWay++;
    else await this.turn(signal);
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      clearTimeout(timer);
      this.next();
    };
    const timer = setTimeout(release, this.options.holdMs);
    timer.unref();
    return { release };
  }

  /** Resolves when somebody before has left the place to us. */
  private turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.waiting.size >= this.options.waitingMax)
      throw new MeshError('unavailable', { public: `${this.waiting.size} proxies wait for their configuration: come again in a moment` });
    return new Promise((resolve, reject) => {
      const come = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.waiting.delete(come);
        reject(new MeshError('unavailable', { public: 'the stream ended before its turn came' }));
      };
      if (signal?.aborted) return leave();
      signal?.addEventListener('abort', leave, { once: true });
      this.waiting.add(come);
    });
  }

  /** Hands a place on; nobody waits: it is free. */
  private next(): void {
    const [first] = this.waiting;
    if (!first) {
      this.underWay--;
      return;
    }
    this.waiting.delete(first);
    first();
  }
}
