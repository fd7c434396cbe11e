import type { Resource, ResourceKey } from '../resource.js';
import type { AuditEntry, AuditStore } from './audit.js';

/** Who causes a write; goes into the change log. */
export interface Author {
  /** `mesh-system:admin`, `kds:zone-1`, `mesh-system:control-plane`. */
  readonly name: string;
  readonly groups?: readonly string[];
}

/** What a caller wants written. Times, versions and revisions are stamped by the store. */
export interface ResourceDraft {
  readonly kind: string;
  readonly mesh: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec: unknown;
  readonly status?: unknown;
  readonly owner?: ResourceKey;
}

export type Mutation =
  /** Fails with `already_exists` where the key is taken. */
  | { readonly op: 'create'; readonly draft: ResourceDraft }
  /** Fails with `not_found`, or with `conflict` where `expectedVersion` is given and is not the stored one. */
  | { readonly op: 'update'; readonly draft: ResourceDraft; readonly expectedVersion?: number }
  /** Create or replace. A draft equal to what is stored (labels, spec, status, owner) changes nothing and makes no revision. */
  | { readonly op: 'upsert'; readonly draft: ResourceDraft }
  /** Removes the resource and all it owns, transitively. A missing key is no error and no change. */
  | { readonly op: 'delete'; readonly key: ResourceKey; readonly expectedVersion?: number };

/** One line of the change log. */
export interface Change {
  /** Strictly increasing per store, without reordering: whoever sees N has seen everything below. */
  readonly revision: number;
  readonly op: 'put' | 'delete';
  readonly key: ResourceKey;
  /** State after the change; absent for `delete`. */
  readonly resource?: Resource;
  readonly author: string;
  /** RFC 3339. */
  readonly time: string;
}

export interface TransactResult {
  /** Revision of the last change made, or the store's revision where nothing changed. */
  readonly revision: number;
  readonly changes: readonly Change[];
}

export interface TransactOptions {
  readonly author: Author;
  /** Fencing number of the leader: the write is refused once a later leader wrote. */
  readonly fence?: number;
  /** Recorded with the changes, in one with them; not where there are none. */
  readonly audit?: AuditEntry;
}

/** A consistent picture of the store. */
export interface StoreSnapshot {
  readonly revision: number;
  readonly resources: readonly Resource[];
}

export interface ListFilter {
  readonly kind?: string;
  readonly mesh?: string;
}

/** What a tail of the log tells: changes of one transaction at a time, or that the reader must start over. */
export type FeedEvent =
  | { readonly type: 'changes'; readonly changes: readonly Change[] }
  | { readonly type: 'snapshot'; readonly snapshot: StoreSnapshot };

/**
 * The system of record. One contract suite (`@mesh/testing`) runs against every implementation.
 * All methods throw MeshError; `unavailable` means try again.
 */
export interface ResourceStore {
  /** Identity of this store: made once, never changed. Two deployments never share one. */
  readonly storeId: string;
  readonly type: 'memory' | 'postgres';
  /** Who asked for what, beside the change log. */
  readonly audit: AuditStore;
  get(key: ResourceKey): Promise<Resource | undefined>;
  list(filter: ListFilter): Promise<readonly Resource[]>;
  /** All mutations or none, in one transaction, in order. */
  transact(mutations: readonly Mutation[], options: TransactOptions): Promise<TransactResult>;
  /**
   * First a `snapshot`, then every later change exactly once and in order of revision.
   * Returns after the snapshot was delivered; `stop` ends it.
   */
  follow(listener: (event: FeedEvent) => void): Promise<{ stop(): Promise<void> }>;
  /** Runs `work` while this instance is the one leader; calls it again after every re-election. */
  lead(name: string, work: (leadership: Leadership) => Promise<void>): { stop(): Promise<void> };
  close(): Promise<void>;
}

export interface Leadership {
  /** Grows with every election; pass as `fence` with writes. */
  readonly fence: number;
  /** Aborts when leadership is lost or the process stops. */
  readonly signal: AbortSignal;
}
