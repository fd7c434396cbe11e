import type { Snapshot } from '@mesh/delta';

/** What a proxy has of what it should have. */
export interface DeliveryState {
  /** Revision of the view the newest snapshot was built from; -1 before the first. */
  readonly builtRevision: number;
  /** Newest revision all of whose resources the proxy has accepted; -1 before the first. */
  readonly ackedRevision: number;
  /** The refusal that stands, if any. */
  readonly nack?: { readonly revision: number; readonly typeUrl: string; readonly message: string };
  /** Why the newest generation failed; the last good snapshot stays in place meanwhile. */
  readonly error?: string;
}

/**
 * Follows one proxy from snapshots to acknowledgements. A revision is acknowledged once nothing
 * is unanswered and the proxy has accepted something of every type its snapshot has.
 */
export class Delivery {
  private readonly unanswered = new Map<string, number>();
  private readonly acceptedTypes = new Set<string>();
  private target: Snapshot = new Map();
  private current: DeliveryState = { builtRevision: -1, ackedRevision: -1 };
  private waiting = false;

  /** @param onChange told after every step; it must be cheap. */
  constructor(private readonly onChange: () => void = () => {}) {}

  get state(): DeliveryState {
    return this.current;
  }

  /** A snapshot is about to be given to the stream. */
  built(snapshot: Snapshot, revision: number): void {
    this.target = snapshot;
    this.waiting = false;
    const { nack, ackedRevision } = this.current;
    this.current = { builtRevision: revision, ackedRevision, ...(nack ? { nack } : {}) };
    this.settleSoon();
  }

  /** A snapshot could not be built. */
  failed(error: string): void {
    this.current = { ...this.current, error };
    this.onChange();
  }

  /** A snapshot cannot be built yet: no later revision counts before it is. */
  waits(): void {
    this.waiting = true;
  }

  /** A revision that leaves the configuration of the proxy as it is. */
  unaffected(revision: number): void {
    if (this.current.builtRevision < 0 || this.waiting || this.current.error !== undefined) return;
    this.current = { ...this.current, builtRevision: revision };
    this.settle();
  }

  sent(typeUrl: string): void {
    this.unanswered.set(typeUrl, Date.now());
  }

  acked(typeUrl: string): void {
    this.unanswered.delete(typeUrl);
    this.acceptedTypes.add(typeUrl);
    const { nack, ...rest } = this.current;
    if (nack?.typeUrl === typeUrl) this.current = rest;
    this.settleSoon();
  }

  nacked(typeUrl: string, message: string): void {
    this.unanswered.delete(typeUrl);
    this.current = { ...this.current, nack: { revision: this.current.builtRevision, typeUrl, message } };
    this.onChange();
  }

  /** Whether a response has been waiting for its answer since before `timeMs`. */
  waitsSince(timeMs: number): boolean {
    return [...this.unanswered.values()].some((sentMs) => sentMs < timeMs);
  }

  /** The stream tells of an answer before it sends what the answer made free: look when it is done. */
  private settleSoon(): void {
    queueMicrotask(() => this.settle());
  }

  private settle(): void {
    if (this.current.nack || this.unanswered.size > 0) return;
    for (const [typeUrl, type] of this.target) {
      if (type.resources.size > 0 && !this.acceptedTypes.has(typeUrl)) return;
    }
    this.current = { ...this.current, ackedRevision: this.current.builtRevision };
    this.onChange();
  }
}
