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

/** How far an engine has seen the view: what it is told of less often than of every proxy. */
export interface Horizon {
  /** Every proxy that was not marked as affected is as up to date as this revision. */
  revision: number;
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
  /** The newest snapshot is that of the view, up to the horizon. */
  private fresh = false;
  /** The stream has not looked at the newest snapshot yet: what it has to send is not known. */
  private underway = false;

  /**
   * @param horizon of the engine: most revisions leave most proxies as they are, and must cost nothing for each of them.
   * @param onChange told after every step; it must be cheap.
   */
  constructor(
    private readonly horizon: Horizon,
    private readonly onChange: () => void = () => {},
  ) {}

  get state(): DeliveryState {
    const { builtRevision, ackedRevision, nack } = this.current;
    const { revision } = this.horizon;
    if (!this.fresh || revision <= builtRevision) return this.current;
    const isSettled = ackedRevision === builtRevision && !nack && !this.underway && this.unanswered.size === 0;
    this.current = { ...this.current, builtRevision: revision, ackedRevision: isSettled ? revision : ackedRevision };
    return this.current;
  }

  /** The newest snapshot, where it is that of the view. */
  get snapshot(): Snapshot | undefined {
    return this.fresh ? this.target : undefined;
  }

  /** The next revision concerns the proxy: until its next snapshot it stays where the horizon is now. */
  affected(): void {
    this.current = this.state;
    this.fresh = false;
  }

  /** A snapshot is about to be given to the stream. */
  built(snapshot: Snapshot, revision: number): void {
    this.target = snapshot;
    this.fresh = true;
    this.underway = true;
    const { nack, ackedRevision } = this.current;
    this.current = { builtRevision: revision, ackedRevision, ...(nack ? { nack } : {}) };
  }

  /** The stream has compared that snapshot, or a later one, with what the proxy has, and sent what differs. */
  taken(snapshot: Snapshot): void {
    if (snapshot !== this.target) return;
    this.underway = false;
    this.settleSoon();
  }

  /** A snapshot could not be built. */
  failed(error: string): void {
    this.affected();
    this.current = { ...this.current, error };
    this.onChange();
  }

  /** A snapshot cannot be built yet: no later revision counts before it is. */
  waits(): void {
    this.affected();
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
    this.current = { ...this.current, nack: { revision: this.state.builtRevision, typeUrl, message } };
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
    if (this.current.nack || this.underway || this.unanswered.size > 0) return;
    for (const [typeUrl, type] of this.target) {
      if (type.resources.size > 0 && !this.acceptedTypes.has(typeUrl)) return;
    }
    const { builtRevision } = this.state;
    this.current = { ...this.current, ackedRevision: builtRevision };
    this.onChange();
  }
}
