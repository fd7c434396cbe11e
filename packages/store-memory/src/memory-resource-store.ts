import { randomUUID } from 'node:crypto';
import {
  type AuditBounds,
  type Change,
  type Clock,
  type FeedEvent,
  keyString,
  type Leadership,
  type ListFilter,
  type Logger,
  MeshError,
  type Mutation,
  type MutationState,
  type PlannedChange,
  planMutations,
  type Resource,
  type ResourceKey,
  type ResourceStore,
  silentLogger,
  systemClock,
  type TransactOptions,
  type TransactResult,
} from '@mesh/core';
import { Elections } from './elections.js';
import { Feed } from './feed.js';
import { MemoryAudit } from './memory-audit.js';

export interface MemoryStoreOptions {
  readonly log?: Logger;
  readonly clock?: Clock;
  /** Of records of the audit; not more than 10,000 in any case. */
  readonly audit?: AuditBounds;
}

const AUDIT_RECORDS_MAX = 10_000;
const AUDIT_AGE_MAX_MS = 30 * 24 * 3_600_000;

/** A store that forgets everything when the process ends: the default of `kuma-cp run`. */
export class MemoryResourceStore implements ResourceStore {
  readonly type = 'memory' as const;
  readonly storeId = randomUUID();
  readonly audit: MemoryAudit;
  private readonly resources = new Map<string, Resource>();
  /** Keys of what is owned, by key of the owner. */
  private readonly owned = new Map<string, Set<string>>();
  private readonly feed: Feed;
  private readonly elections: Elections;
  private readonly log: Logger;
  private readonly clock: Clock;
  private revision = 0;
  private closed = false;

  constructor(options: MemoryStoreOptions = {}) {
    this.log = options.log ?? silentLogger;
    this.clock = options.clock ?? systemClock;
    this.feed = new Feed((err) => this.log.error({ err }, 'a follower of the store failed'));
    const { maxAge, maxRecords } = options.audit ?? { maxAge: AUDIT_AGE_MAX_MS, maxRecords: AUDIT_RECORDS_MAX };
    this.audit = new MemoryAudit({ maxAge, maxRecords: Math.min(maxRecords, AUDIT_RECORDS_MAX) }, () => this.clock.now());
    this.elections = new Elections((err) => this.log.error({ err }, 'work of the leader failed'));
  }

  async get(key: ResourceKey): Promise<Resource | undefined> {
    this.assertOpen();
    return this.resources.get(keyString(key));
  }

  async list(filter: ListFilter): Promise<readonly Resource[]> {
    this.assertOpen();
    return [...this.resources.values()].filter(
      (resource) =>
        (filter.kind === undefined || resource.kind === filter.kind) && (filter.mesh === undefined || resource.meta.mesh === filter.mesh),
    );
  }

  async transact(mutations: readonly Mutation[], options: TransactOptions): Promise<TransactResult> {
    this.assertOpen();
    this.elections.check(options.fence);
    const now = new Date(this.clock.now()).toISOString();
    const planned = planMutations(mutations, { state: this.state, now });
    const changes = planned.map((change) => this.commit(change, { author: options.author.name, time: now }));
    if (changes.length === 0) return { revision: this.revision, changes };
    if (options.audit) this.audit.add(options.audit, { time: now, revision: this.revision });
    this.feed.push({ type: 'changes', changes });
    return { revision: changes.at(-1)?.revision ?? this.revision, changes };
  }

  async follow(listener: (event: FeedEvent) => void): Promise<{ stop(): Promise<void> }> {
    this.assertOpen();
    return this.feed.add(listener, { type: 'snapshot', snapshot: { revision: this.revision, resources: [...this.resources.values()] } });
  }

  lead(name: string, work: (leadership: Leadership) => Promise<void>): { stop(): Promise<void> } {
    this.assertOpen();
    return this.elections.join(name, work);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    await this.elections.close();
    this.closed = true;
    this.feed.close();
  }

  private readonly state: MutationState = {
    get: (key) => this.resources.get(keyString(key)),
    ownedBy: (key) => this.ownedBy(key),
  };

  private ownedBy(key: ResourceKey): Resource[] {
    const ids = this.owned.get(keyString(key)) ?? [];
    return [...ids].flatMap((id) => this.resources.get(id) ?? []);
  }

  private commit(planned: PlannedChange, stamp: { author: string; time: string }): Change {
    const id = keyString(planned.key);
    if (planned.before?.meta.owner) this.disown(planned.before.meta.owner, id);
    if (planned.after) this.resources.set(id, planned.after);
    else this.resources.delete(id);
    if (planned.after?.meta.owner) this.own(planned.after.meta.owner, id);
    const base = { revision: ++this.revision, key: planned.key, ...stamp };
    return planned.after ? { ...base, op: 'put', resource: planned.after } : { ...base, op: 'delete' };
  }

  private own(owner: ResourceKey, id: string): void {
    const ownerId = keyString(owner);
    const ids = this.owned.get(ownerId);
    if (ids) ids.add(id);
    else this.owned.set(ownerId, new Set([id]));
  }

  private disown(owner: ResourceKey, id: string): void {
    const ownerId = keyString(owner);
    const ids = this.owned.get(ownerId);
    ids?.delete(id);
    if (ids?.size === 0) this.owned.delete(ownerId);
  }

  private assertOpen(): void {
    if (this.closed) throw new MeshError('unavailable', { public: 'the store is closed' });
  }
}
