import type { DeltaRequest } from './actions.js';
import type { SnapshotResource } from './snapshot.js';

/** The fields of a DeltaDiscoveryResponse that matter to the receiving side. */
export interface DeltaReply {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly SnapshotResource[];
  readonly removed: readonly string[];
}

/** What a reply asks the receiver to do. */
export interface DeltaUpdate {
  readonly put: readonly SnapshotResource[];
  /** A name both sent and removed is an update (contract/kds.md §2), so it is not here. */
  readonly removed: readonly string[];
  /** First reply of this type on this stream. */
  readonly first: boolean;
  /**
   * The reply lists everything the sender has: it is the first, and we claimed to hold nothing.
   * Whether what is missing in it is to be deleted is for the caller to decide.
   */
  readonly complete: boolean;
}

interface HeldType {
  readonly versions: Map<string, string>;
  first: boolean;
  claimed: boolean;
}

/**
 * Receiving side of one wildcard delta stream (KDS): what we hold, and the requests to send.
 * Versions are booked when a reply is accepted, so that after a reconnect the sender is told
 * exactly what we kept.
 */
export class DeltaClientState {
  private readonly types = new Map<string, HeldType>();

  /** @param held type URL to name to version: what was kept from earlier streams. */
  constructor(held: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map()) {
    for (const [typeUrl, versions] of held) this.types.set(typeUrl, { versions: new Map(versions), first: true, claimed: false });
  }

  /** The opening request of a type on a new stream; names the versions we hold. */
  subscribe(typeUrl: string): DeltaRequest {
    const held = this.typeOf(typeUrl);
    held.first = true;
    held.claimed = held.versions.size > 0;
    return { ...emptyRequest, typeUrl, subscribe: ['*'], initialVersions: Object.fromEntries(held.versions) };
  }

  /** What a reply means; changes nothing until it is accepted. */
  read(reply: DeltaReply): DeltaUpdate {
    const held = this.typeOf(reply.typeUrl);
    const put = new Set(reply.resources.map((resource) => resource.name));
    const removed = reply.removed.filter((name) => !put.has(name));
    return { put: reply.resources, removed, first: held.first, complete: held.first && !held.claimed };
  }

  /** Books a reply as stored. */
  ack(reply: DeltaReply): DeltaRequest {
    this.book(reply, new Set());
    return { ...emptyRequest, typeUrl: reply.typeUrl, responseNonce: reply.nonce };
  }

  /** Books a reply as stored but for the names refused, whose old state stays. */
  nack(reply: DeltaReply, refused: ReadonlySet<string>, error: string): DeltaRequest {
    this.book(reply, refused);
    return { ...emptyRequest, typeUrl: reply.typeUrl, subscribe: ['*'], responseNonce: reply.nonce, error };
  }

  /** Name to version of what we hold of a type. */
  versions(typeUrl: string): ReadonlyMap<string, string> {
    return this.typeOf(typeUrl).versions;
  }

  private book(reply: DeltaReply, refused: ReadonlySet<string>): void {
    const held = this.typeOf(reply.typeUrl);
    const update = this.read(reply);
    const kept = new Set(update.put.map((resource) => resource.name));
    if (update.complete) for (const name of [...held.versions.keys()]) if (!kept.has(name)) held.versions.delete(name);
    for (const name of update.removed) if (!refused.has(name)) held.versions.delete(name);
    for (const resource of update.put) if (!refused.has(resource.name)) held.versions.set(resource.name, resource.version);
    held.first = false;
  }

  private typeOf(typeUrl: string): HeldType {
    let held = this.types.get(typeUrl);
    if (!held) this.types.set(typeUrl, (held = { versions: new Map(), first: true, claimed: false }));
    return held;
  }
}

const emptyRequest = {
  typeUrl: '',
  subscribe: [],
  unsubscribe: [],
  initialVersions: {},
  responseNonce: '',
} as const satisfies DeltaRequest;
