import { MeshError } from './errors.js';
import type { Change, FeedEvent } from './ports/store.js';
import { compareByMeshAndName, type Resource, type ResourceKey } from './resource.js';

/** What listeners of a view are told: the changes of one transaction, or of a new snapshot. */
export interface ViewEvent {
  /** Revision of the view after the event. */
  readonly revision: number;
  readonly changes: readonly ViewChange[];
}

export interface ViewChange {
  readonly op: 'put' | 'delete';
  readonly key: ResourceKey;
  readonly before?: Resource;
  readonly after?: Resource;
}

type KindIndex = Map<string, Map<string, Resource>>;

/**
 * The store's state in memory, indexed by kind and mesh, fed by a change feed (design.md §4).
 * Reads are synchronous and never touch the store. Listeners run after the view changed, in the
 * order they subscribed; one that throws does not stop the others.
 */
export class ResourceView {
  private readonly kinds = new Map<string, KindIndex>();
  /** Lists that were asked for in order, by kind and mesh; a change makes a new one. */
  private readonly sorted = new Map<string, readonly Resource[]>();
  private readonly listeners = new Set<(event: ViewEvent) => void>();
  private readonly waiters = new Set<{ revision: number; resolve: () => void }>();
  private currentRevision = -1;

  /** @param onListenerError receives what a listener threw. */
  constructor(private readonly onListenerError: (error: unknown) => void = () => {}) {}

  /** Revision of the newest change seen; -1 before the first snapshot. */
  get revision(): number {
    return this.currentRevision;
  }

  get(key: ResourceKey): Resource | undefined {
    return this.kinds.get(key.kind)?.get(key.mesh)?.get(key.name);
  }

  /** Typed read; the caller vouches for the spec type of the kind. */
  find<Spec>(kind: string, mesh: string, name: string): Resource<Spec> | undefined {
    return this.get({ kind, mesh, name }) as Resource<Spec> | undefined;
  }

  /** All resources of a kind, of one mesh where given, in no particular order. */
  list<Spec = Resource['spec']>(kind: string, mesh?: string): Resource<Spec>[] {
    const index = this.kinds.get(kind);
    if (!index) return [];
    if (mesh !== undefined) return [...(index.get(mesh)?.values() ?? [])] as unknown as Resource<Spec>[];
    const all: Resource[] = [];
    // Not spread: a call takes no more than some hundred thousand arguments.
    for (const byName of index.values()) for (const resource of byName.values()) all.push(resource);
    return all as unknown as Resource<Spec>[];
  }

  /** Like `list`, ordered by mesh, then name. The same array until something of that kind and mesh changes. */
  listSorted<Spec = Resource['spec']>(kind: string, mesh?: string): readonly Resource<Spec>[] {
    const slot = slotOf(kind, mesh);
    let list = this.sorted.get(slot);
    if (!list) this.sorted.set(slot, (list = this.list(kind, mesh).sort(compareByMeshAndName)));
    return list as unknown as readonly Resource<Spec>[];
  }

  /** Number of resources of a kind. */
  count(kind: string, mesh?: string): number {
    const index = this.kinds.get(kind);
    if (!index) return 0;
    if (mesh !== undefined) return index.get(mesh)?.size ?? 0;
    let total = 0;
    for (const byName of index.values()) total += byName.size;
    return total;
  }

  /** Every resource, in no particular order. */
  *all(): Iterable<Resource> {
    for (const index of this.kinds.values()) for (const byName of index.values()) yield* byName.values();
  }

  subscribe(listener: (event: ViewEvent) => void): { unsubscribe(): void } {
    this.listeners.add(listener);
    return { unsubscribe: () => void this.listeners.delete(listener) };
  }

  /** Applies what a feed says; give it to `ResourceStore.follow`. */
  readonly apply = (event: FeedEvent): void => {
    const changes = event.type === 'snapshot' ? this.replace(event.snapshot.resources) : this.applyChanges(event.changes);
    const revision = event.type === 'snapshot' ? event.snapshot.revision : (event.changes.at(-1)?.revision ?? this.currentRevision);
    const first = this.currentRevision < 0;
    this.currentRevision = revision;
    if (changes.length > 0 || first) this.notify({ revision, changes });
    for (const waiter of [...this.waiters]) {
      if (waiter.revision <= revision) {
        this.waiters.delete(waiter);
        waiter.resolve();
      }
    }
  };

  /** Resolves once the view has seen `revision`; throws `unavailable` when the signal aborts first. */
  waitFor(revision: number, signal?: AbortSignal): Promise<void> {
    if (this.currentRevision >= revision) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = { revision, resolve };
      this.waiters.add(waiter);
      signal?.addEventListener(
        'abort',
        () => {
          if (this.waiters.delete(waiter)) reject(new MeshError('unavailable', { public: `revision ${revision} has not arrived yet` }));
        },
        { once: true },
      );
    });
  }

  private replace(resources: readonly Resource[]): ViewChange[] {
    const changes: ViewChange[] = [];
    const kept = new Set<Resource>();
    // Nothing is gained by keeping many lists in order through many changes.
    this.sorted.clear();
    for (const resource of resources) {
      const key = { kind: resource.kind, mesh: resource.meta.mesh, name: resource.meta.name };
      const before = this.get(key);
      if (before && isSameVersion(before, resource)) {
        kept.add(before);
        continue;
      }
      this.set(resource);
      kept.add(resource);
      changes.push({ op: 'put', key, after: resource, ...(before ? { before } : {}) });
    }
    for (const resource of [...this.all()]) {
      if (kept.has(resource)) continue;
      const key = { kind: resource.kind, mesh: resource.meta.mesh, name: resource.meta.name };
      this.remove(key);
      changes.push({ op: 'delete', key, before: resource });
    }
    return changes;
  }

  private applyChanges(changes: readonly Change[]): ViewChange[] {
    const applied: ViewChange[] = [];
    for (const change of changes) {
      if (change.revision <= this.currentRevision) continue;
      const before = this.get(change.key);
      if (change.op === 'put' && change.resource) {
        this.set(change.resource);
        applied.push({ op: 'put', key: change.key, after: change.resource, ...(before ? { before } : {}) });
      } else if (before) {
        this.remove(change.key);
        applied.push({ op: 'delete', key: change.key, before });
      }
    }
    return applied;
  }

  private set(resource: Resource): void {
    let index = this.kinds.get(resource.kind);
    if (!index) this.kinds.set(resource.kind, (index = new Map()));
    let byName = index.get(resource.meta.mesh);
    if (!byName) index.set(resource.meta.mesh, (byName = new Map()));
    const before = byName.get(resource.meta.name);
    byName.set(resource.meta.name, resource);
    this.resort(resource, (list, at) => list.toSpliced(at, before ? 1 : 0, resource));
  }

  private remove(key: ResourceKey): void {
    const index = this.kinds.get(key.kind);
    const byName = index?.get(key.mesh);
    const before = byName?.get(key.name);
    byName?.delete(key.name);
    if (byName?.size === 0) index?.delete(key.mesh);
    if (before) this.resort(before, (list, at) => list.toSpliced(at, 1));
  }

  /** Keeps the sorted lists right without sorting anew: where one changes, its readers see another array. */
  private resort(resource: Resource, edit: (list: readonly Resource[], at: number) => Resource[]): void {
    for (const slot of [slotOf(resource.kind, resource.meta.mesh), slotOf(resource.kind)]) {
      const list = this.sorted.get(slot);
      if (list) this.sorted.set(slot, edit(list, placeOf(list, resource)));
    }
  }

  private notify(event: ViewEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        this.onListenerError(error);
      }
    }
  }
}

/** Versions alone do not tell: a store that was put back to an earlier state gives them a second time. */
function isSameVersion({ meta: a }: Resource, { meta: b }: Resource): boolean {
  return a.version === b.version && a.creationTime === b.creationTime && a.modificationTime === b.modificationTime;
}

function slotOf(kind: string, mesh?: string): string {
  return mesh === undefined ? kind : `${kind}/${mesh}`;
}

/** Where a resource is in an ordered list, or belongs. */
function placeOf(list: readonly Resource[], resource: Resource): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareByMeshAndName(list[middle] as Resource, resource) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
