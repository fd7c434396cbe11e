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
 * Follows one proxy from snapshots to acknowledgements. A revision is acknowledged once every
 * type of its snapshot that the proxy takes part in was accepted in that version.
 */
export class Delivery {
  private readonly ackedVersions = new Map<string, string>();
  private target: Snapshot = new Map();
  private current: DeliveryState = { builtRevision: -1, ackedRevision: -1 };

  get state(): DeliveryState {
    return this.current;
  }

  /** A snapshot was given to the stream. */
  built(snapshot: Snapshot, revision: number): void {
    this.target = snapshot;
    const { nack } = this.current;
    this.current = { builtRevision: revision, ackedRevision: this.current.ackedRevision, ...(nack ? { nack } : {}) };
    this.settle();
  }

  /** A snapshot could not be built. */
  failed(error: string): void {
    this.current = { ...this.current, error };
  }

  acked(typeUrl: string, version: string): void {
    this.ackedVersions.set(typeUrl, version);
    const { nack, ...rest } = this.current;
    if (nack?.typeUrl === typeUrl) this.current = rest;
    this.settle();
  }

  nacked(typeUrl: string, message: string): void {
    this.current = { ...this.current, nack: { revision: this.current.builtRevision, typeUrl, message } };
  }

  private settle(): void {
    if (this.current.nack) return;
    for (const [typeUrl, type] of this.target) {
      const acked = this.ackedVersions.get(typeUrl);
      if (acked === undefined ? type.resources.size > 0 : acked !== type.version) return;
    }
    this.current = { ...this.current, ackedRevision: this.current.builtRevision };
  }
}
