import type { MeshError } from '@mesh/core';
import type { Snapshot, SnapshotType } from '@mesh/delta';
import type { AdsPeer, AdsStream } from '../ads/handler.js';
import type { StreamId, ToWorker, TypeContent } from './messages.js';
import type { HeldResource, ResourceTable } from './resource-table.js';

/** What a stream in a worker needs of the way there. */
export interface StreamCarrier {
  readonly resources: ResourceTable;
  send(message: ToWorker): void;
  /** Asks for a call of `transfer`, soon or once there is room. */
  schedule(stream: RemoteStream): void;
  /** The stream was ended by this side. */
  ended(stream: RemoteStream): void;
  /** Runs a callback of the handler; where it throws the stream ends. */
  guard(stream: RemoteStream, work: () => void): void;
}

/** The main process's end of an ADS stream that a worker serves. */
export class RemoteStream implements AdsStream {
  private peer: AdsPeer | undefined;
  private readonly ending = new AbortController();
  /** The newest snapshot, until it travels: what came in between is of no use to anybody. */
  private waiting: Snapshot | undefined;
  private number = 0;
  private untaken: { readonly number: number; readonly taken: () => void }[] = [];
  private readonly types = new Map<string, { readonly type: SnapshotType; readonly held: readonly HeldResource[] }>();

  constructor(
    readonly id: StreamId,
    private readonly carrier: StreamCarrier,
  ) {}

  /** Aborts when the stream is no more. */
  get over(): AbortSignal {
    return this.ending.signal;
  }

  private get isOver(): boolean {
    return this.ending.signal.aborted;
  }

  setSnapshot(snapshot: Snapshot, taken?: () => void): void {
    if (this.isOver) return;
    this.waiting = snapshot;
    this.number += 1;
    if (taken) this.untaken.push({ number: this.number, taken });
    this.carrier.schedule(this);
  }

  close({ code, public: text }: MeshError): void {
    if (this.isOver) return;
    this.carrier.send(['close', this.id, { code, public: text }]);
    this.carrier.ended(this);
    this.end();
  }

  /** The handler has let the proxy in. */
  admit(peer: AdsPeer): void {
    this.peer = peer;
    if (this.isOver) this.tell((told) => told.onClosed());
    else this.carrier.send(['admitted', this.id]);
  }

  /** Sends what the newest snapshot changes. */
  transfer(): void {
    const snapshot = this.waiting;
    if (!snapshot || this.isOver) return;
    this.waiting = undefined;
    const unused: HeldResource[] = [];
    const changed: TypeContent[] = [];
    for (const [typeUrl, type] of snapshot) {
      const before = this.types.get(typeUrl);
      if (before && isSame(before.type, type)) continue;
      const held = [...type.resources.values()].map((resource) => this.carrier.resources.use(typeUrl, resource));
      this.types.set(typeUrl, { type, held });
      changed.push([typeUrl, type.version, held.map(({ id }) => id)]);
      if (before) unused.push(...before.held);
    }
    const gone = [...this.types.keys()].filter((typeUrl) => !snapshot.has(typeUrl));
    for (const typeUrl of gone) {
      unused.push(...(this.types.get(typeUrl)?.held ?? []));
      this.types.delete(typeUrl);
    }
    this.carrier.send(['snapshot', this.id, this.number, changed, gone]);
    this.release(unused);
  }

  /** The worker has come to a snapshot. */
  taken(number: number): void {
    while (this.untaken[0] && this.untaken[0].number <= number) this.untaken.shift()?.taken();
  }

  /** Tells the peer what happened on the stream, once there is one. */
  tell(event: (peer: AdsPeer) => void): void {
    const { peer } = this;
    if (peer) this.carrier.guard(this, () => event(peer));
  }

  /** The stream is no more, however it ended. */
  end(): void {
    if (this.isOver) return;
    this.ending.abort();
    this.waiting = undefined;
    this.untaken = [];
    for (const { held } of this.types.values()) this.release(held);
    this.types.clear();
    this.tell((peer) => peer.onClosed());
  }

  private release(held: readonly HeldResource[]): void {
    const unused = this.carrier.resources.release(held);
    if (unused.length > 0) this.carrier.send(['forget', unused]);
  }
}

function isSame(a: SnapshotType, b: SnapshotType): boolean {
  return a === b || (b.version !== '' && a.version === b.version);
}
