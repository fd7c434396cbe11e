/** One resource as it goes on the wire: encoded once, shared by every stream that sends it. */
export interface SnapshotResource {
  readonly name: string;
  /** Changes exactly when `body` changes: a hash of it. */
  readonly version: string;
  /** The encoded message; the value of the `Any`. */
  readonly body: Uint8Array;
}

/** All resources of one type for one peer, with a version over all of them (for SotW). */
export interface SnapshotType {
  readonly version: string;
  readonly resources: ReadonlyMap<string, SnapshotResource>;
}

/** What one peer should have: type URL to resources. Immutable. */
export type Snapshot = ReadonlyMap<string, SnapshotType>;
