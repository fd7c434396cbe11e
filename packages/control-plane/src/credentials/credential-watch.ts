import { type Clock, type Logger, MeshError, messageOf, type ResourceView } from '@mesh/core';
import { concernsTokens } from '@mesh/identity';

/** What a checked credential allows. */
export interface Grant {
  /** Milliseconds since the epoch; absent: the credential does not end by itself. */
  readonly expiresAt?: number;
}

/** Checks the credential of a stream; throws `unauthenticated` or `forbidden` where it is not good (any more). */
export type CredentialCheck = () => Promise<Grant>;

export interface CredentialWatchOptions {
  readonly view: ResourceView;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Timers of Node hold 31 bits. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Keeps an eye on the credentials of live streams: they are checked again when keys or lists of
 * revoked tokens change, and end when they expire. Nothing is polled.
 */
export class CredentialWatch {
  private readonly held = new Set<HeldCredential>();
  private subscription: { unsubscribe(): void } | undefined;

  constructor(private readonly options: CredentialWatchOptions) {}

  /** Begins to follow keys and revocations. */
  start(): void {
    this.subscription ??= this.options.view.subscribe(({ changes }) => {
      if (!changes.some(({ key }) => concernsTokens(key))) return;
      for (const credential of [...this.held]) credential.recheck();
    });
  }

  stop(): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
    for (const credential of [...this.held]) credential.release();
  }

  /**
   * Checks a credential now and for as long as it is held; `onLost` is called once, when it is no
   * longer good. Throws what the first check throws.
   */
  async hold(check: CredentialCheck, onLost: (error: MeshError) => void): Promise<{ release(): void }> {
    const { clock, log } = this.options;
    const credential = new HeldCredential({ check, onLost, clock, log, onRelease: () => this.held.delete(credential) });
    // Before the check: a revocation that comes meanwhile must not be missed.
    this.held.add(credential);
    try {
      await credential.verify();
    } catch (error) {
      credential.release();
      throw error;
    }
    return credential;
  }
}

interface HeldOptions {
  readonly check: CredentialCheck;
  readonly onLost: (error: MeshError) => void;
  readonly onRelease: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

class HeldCredential {
  private released = false;
  private checking = false;
  private stale = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: HeldOptions) {}

  /** Checks until nothing changed during a check; throws where the credential is not good. */
  async verify(): Promise<void> {
    this.checking = true;
    try {
      let grant: Grant;
      do {
        this.stale = false;
        grant = await this.options.check();
      } while (this.stale && !this.released);
      this.expireAt(grant.expiresAt);
    } finally {
      this.checking = false;
    }
  }

  recheck(): void {
    this.stale = true;
    if (!this.checking) this.verify().catch((error: unknown) => this.failed(error));
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    clearTimeout(this.timer);
    this.options.onRelease();
  }

  private failed(error: unknown): void {
    if (MeshError.is(error, 'unauthenticated') || MeshError.is(error, 'forbidden')) this.lost(error);
    else this.options.log.error({ err: messageOf(error) }, 'a credential could not be checked again; its stream goes on');
  }

  private lost(error: MeshError): void {
    if (this.released) return;
    this.release();
    this.options.onLost(error);
  }

  private expireAt(expiresAt: number | undefined): void {
    clearTimeout(this.timer);
    if (expiresAt === undefined || this.released) return;
    const left = expiresAt - this.options.clock.now();
    if (left <= 0) {
      this.lost(new MeshError('unauthenticated', { public: 'could not authenticate: the token is expired' }));
      return;
    }
    this.timer = setTimeout(() => this.expireAt(expiresAt), Math.min(Math.ceil(left), TIMER_MS_MAX));
    this.timer.unref();
  }
}
