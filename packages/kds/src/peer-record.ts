import { KDS_PEER_CONFIG_PREFIX, parseStoredPeer, type ResourceDraft, type ResourceKey, type StoredPeer } from '@mesh/core';

/** How a peer's store is told from another one. */
export interface PeerIdentity {
  /** Store id in the stream's headers, or the cluster id of a Kuma global. Undefined: the peer has none. */
  readonly id: string | undefined;
  /** Revision of its store when the stream began, where it says so. */
  readonly revision?: number | undefined;
}

/** What a batch says about held removals; wire names. */
export interface NotedBatch {
  readonly kind: string;
  readonly first: boolean;
  readonly listed: readonly string[];
  readonly removed: readonly string[];
  /** Those of the listed ones that were not taken, as what is here is not to be replaced by a default. */
  readonly kept?: readonly string[];
}

/** Headers by which our control planes tell each other apart. Kuma ignores them. */
export const HEADER_STORE_ID = 'mesh-store-id';
export const HEADER_STORE_REVISION = 'mesh-store-revision';
/** By which factor silence is to be borne longer than usual: a zone on a slow line asks for it. */
export const HEADER_PATIENCE = 'mesh-patience';

/**
 * What is remembered of the peer last synced with (design.md §5). A peer that came back with another
 * store, or with an older state of it, may add and change but not remove: what its first answers
 * would remove is held, by name, until it sends that resource again or an operator lets go. Nor may
 * defaults that a new store is born with replace what is here: such names are kept, likewise.
 */
export class PeerRecord {
  private readonly held: Names = new Map();
  private readonly kept: Names = new Map();
  private known: { id: string; revision: number } | undefined;
  private peer: PeerIdentity = { id: undefined };
  private changedStore = false;

  /** @param owner whose removal ends the record: the Zone, on a global. */
  constructor(
    private readonly configName: string,
    private readonly owner?: ResourceKey,
  ) {}

  /** The Config that holds the record of a peer: the global of a zone, or a zone of the global. */
  static configNameFor(peer: string): string {
    return `${KDS_PEER_CONFIG_PREFIX}${peer}`;
  }

  /** Reads what was stored; anything unreadable counts as nothing. */
  load(text: string | undefined): void {
    this.held.clear();
    this.kept.clear();
    this.known = undefined;
    const stored = parseStoredPeer(text);
    if (!stored) return;
    this.known = { id: stored.id, revision: stored.revision };
    this.refreshHeld(text);
  }

  /** What is held is what is stored: an operator may have released some of it. */
  refreshHeld(text: string | undefined): void {
    const stored = parseStoredPeer(text);
    if (!stored) return;
    fill(this.held, stored.held);
    fill(this.kept, stored.kept);
  }

  /** Says who is at the other end, before its removals are looked at. */
  meet(peer: PeerIdentity): void {
    this.peer = peer;
    const { known } = this;
    this.changedStore =
      known !== undefined &&
      peer.id !== undefined &&
      (known.id !== peer.id || (peer.revision !== undefined && peer.revision < known.revision));
  }

  /** The peer is not the one last synced with. */
  get isOther(): boolean {
    return this.changedStore;
  }

  /** A default of the peer must not replace what is here under this name: its store is not the one that this came from. */
  protects(kind: string, wireName: string): boolean {
    const isStranger = this.changedStore && this.known?.id !== this.peer.id;
    return isStranger || this.isHeld(kind, wireName) || this.isKept(kind, wireName);
  }

  isKept(kind: string, wireName: string): boolean {
    return this.kept.get(kind)?.has(wireName) ?? false;
  }

  /** Wire names of a kind that are kept. */
  keptOf(kind: string): readonly string[] {
    return [...(this.kept.get(kind) ?? [])];
  }

  isHeld(kind: string, wireName: string): boolean {
    return this.held.get(kind)?.has(wireName) ?? false;
  }

  get heldCount(): number {
    let count = 0;
    for (const names of this.held.values()) count += names.size;
    return count;
  }

  /** Notes a batch: holds the removals of another store's first answer, lets go of what was sent again. True where the record changed. */
  note(batch: NotedBatch): boolean {
    const { kind, listed, removed } = batch;
    const [held, kept] = [new Set(this.held.get(kind)), new Set(this.kept.get(kind))];
    const before = textOf(held, kept);
    for (const name of listed) held.delete(name);
    for (const name of [...listed, ...removed]) kept.delete(name);
    for (const name of batch.kept ?? []) kept.add(name);
    const holds = this.changedStore && batch.first;
    for (const name of removed) holds ? held.add(name) : held.delete(name);
    set(this.held, kind, held);
    set(this.kept, kind, kept);
    return textOf(held, kept) !== before;
  }

  /** Notes how far the peer's store has come; a record is written with whatever is stored next. */
  reach(revision: number | undefined): void {
    if (revision === undefined) return;
    this.peer = { ...this.peer, revision };
    if (!this.changedStore && this.known && this.known.id === this.peer.id) this.known = { id: this.known.id, revision };
  }

  /** Whether there is anything to store. */
  get isWritable(): boolean {
    return this.known !== undefined;
  }

  /** All first answers are in: from now on this peer is the one last synced with. True where the record changed. */
  adopt(): boolean {
    this.changedStore = false;
    const { id, revision = 0 } = this.peer;
    if (id === undefined || (this.known?.id === id && this.known.revision === revision)) return false;
    this.known = { id, revision };
    return true;
  }

  /** The Config to store. */
  draft(): ResourceDraft {
    const { id = '', revision = 0 } = this.known ?? {};
    const config: StoredPeer = { id, revision, held: sorted(this.held), kept: sorted(this.kept) };
    const spec = { config: JSON.stringify(config) };
    return { kind: 'Config', mesh: '', name: this.configName, spec, ...(this.owner ? { owner: this.owner } : {}) };
  }
}

/** Kind to wire names. */
type Names = Map<string, Set<string>>;

function fill(into: Names, from: StoredPeer['held']): void {
  into.clear();
  for (const [kind, names] of Object.entries(from)) into.set(kind, new Set(names));
}

function set(into: Names, kind: string, names: Set<string>): void {
  if (names.size > 0) into.set(kind, names);
  else into.delete(kind);
}

function sorted(names: Names): Record<string, string[]> {
  return Object.fromEntries([...names].map(([kind, of]) => [kind, [...of].sort()]));
}

function textOf(...sets: readonly Set<string>[]): string {
  return JSON.stringify(sets.map((names) => [...names].sort()));
}
