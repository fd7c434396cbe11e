/** What became of a request: done, no good credential, not allowed, refused for what it says or for the state, broken. */
export type AuditOutcome = 'done' | 'unauthenticated' | 'forbidden' | 'refused' | 'failed';

/** What somebody asked for over the API: all of a record that is known before the outcome. */
export interface AuditRequest {
  readonly who: string;
  readonly groups: readonly string[];
  /** How the caller was recognised: `token`, `certificate`, `localhost`; `none`: not at all. */
  readonly by: string;
  /** Address of the caller. */
  readonly peer: string;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** Of the resource, where it is about one kind. */
  readonly kind?: string;
  readonly mesh?: string;
  readonly name?: string;
  /** Of an issued token: whom it is for, and the ID that revokes it. */
  readonly details?: Readonly<Record<string, string | readonly string[]>>;
}

/** A request and what became of it. */
export interface AuditEntry extends AuditRequest {
  /** HTTP status. */
  readonly status: number;
  readonly outcome: AuditOutcome;
}

/** An entry that is not part of a write. */
export interface TimedAuditEntry extends AuditEntry {
  /** RFC 3339. */
  readonly time: string;
}

/** An entry as it is kept. */
export interface AuditRecord extends TimedAuditEntry {
  /** Grows with every record; a store may leave numbers out. */
  readonly id: number;
  /** Of the last change of an accepted write. */
  readonly revision?: number;
}

/** Which records to read; every field that is given must fit. */
export interface AuditQuery {
  readonly who?: string;
  readonly kind?: string;
  readonly mesh?: string;
  readonly name?: string;
  readonly outcome?: AuditOutcome;
  /** RFC 3339; at this time or later. */
  readonly since?: string;
  /** RFC 3339; before this time. */
  readonly until?: string;
  /** Only records with a smaller `id`: how a page follows another. */
  readonly before?: number;
  /** Records at most. */
  readonly limit: number;
}

/** All values of `AuditOutcome`. */
export const AUDIT_OUTCOMES: readonly AuditOutcome[] = ['done', 'unauthenticated', 'forbidden', 'refused', 'failed'];

/**
 * Records compete for space with their like only, so that no flood of refused requests pushes out who changed what:
 * `done` is what was carried out, `refused` what callers we know were refused, `strangers` what all others were.
 */
export type AuditLane = 'done' | 'refused' | 'strangers';

/** The lane of an entry. */
export function laneOf({ by, outcome }: Pick<AuditEntry, 'by' | 'outcome'>): AuditLane {
  if (outcome === 'done') return 'done';
  return by === 'none' ? 'strangers' : 'refused';
}

/** How long records are kept. */
export interface AuditBounds {
  /** Milliseconds; 0: no such bound. */
  readonly maxAge: number;
  /** Of `done` and of `refused` each; strangers get a tenth. */
  readonly maxRecords: number;
}

/** Most records of each lane. */
export function laneBounds({ maxRecords }: AuditBounds): Readonly<Record<AuditLane, number>> {
  return { done: maxRecords, refused: maxRecords, strangers: Math.ceil(maxRecords / 10) };
}

/**
 * Records of who asked for what (design.md §6). Those of accepted writes are made by `ResourceStore.transact`, in the
 * transaction of the write; the others come through here. Oldest records go first, each lane for itself.
 */
export interface AuditStore {
  /** Keeps entries; returns once they are durable. Called again after an `unavailable`, it may keep some of them twice. */
  append(entries: readonly TimedAuditEntry[]): Promise<void>;
  /** Newest first. */
  read(query: AuditQuery): Promise<readonly AuditRecord[]>;
}
