/** One resource as it goes on the wire: encoded once, shared by every stream that sends it. */
export interface SnapshotResource {
  readonly name: string;
  /** Changes exactly when the peer needs another `body`: a hash of it, or of what it is made from. */
  readonly version: string;
  /** The encoded message; the value of the `Any`. */
  readonly body: Uint8Array;
}

/**
 * A resource whose body is made when it is first sent, and kept from then on: a peer that comes with its version has no need
 * of another. So a body may hold what is never made twice alike, such as a private key.
 */
export class LateResource implements SnapshotResource {
  /**
   * @param version says all that the body depends on.
   * @param source the body, or what makes it.
   */
  constructor(
    readonly name: string,
    readonly version: string,
    private source: Uint8Array | (() => Uint8Array),
  ) {}

  get body(): Uint8Array {
    if (typeof this.source === 'function') this.source = this.source();
    return this.source;
  }
}

/** All resources of one type for one peer, with a version over all of them (for SotW). */
export interface SnapshotType {
  readonly version: string;
  readonly resources: ReadonlyMap<string, SnapshotResource>;
}

/** What one peer should have: type URL to resources. Immutable. */
export type Snapshot = ReadonlyMap<string, SnapshotType>;
