import type { SnapshotResource } from '@mesh/delta';
import type { ResourceId } from './messages.js';

/** A resource that a worker holds for some streams. */
export interface HeldResource {
  readonly id: ResourceId;
  readonly key: string;
  /** Snapshots of streams that name it. */
  uses: number;
}

/** What one worker holds, so that each resource travels to it once, however many of its streams have it. */
export class ResourceTable {
  private readonly held = new Map<string, HeldResource>();
  private nextId = 1;

  constructor(private readonly onNew: (id: ResourceId, resource: SnapshotResource) => void) {}

  /** Uses a resource once more. */
  use(typeUrl: string, resource: SnapshotResource): HeldResource {
    // The version is a hash of the body, so this says all of it.
    const key = `${resource.version}\0${resource.name}\0${typeUrl}`;
    let entry = this.held.get(key);
    if (!entry) {
      entry = { id: this.nextId++, key, uses: 0 };
      this.held.set(key, entry);
      this.onNew(entry.id, resource);
    }
    entry.uses += 1;
    return entry;
  }

  /** Uses some once less; returns those that nobody uses any more. */
  release(entries: Iterable<HeldResource>): ResourceId[] {
    const unused: ResourceId[] = [];
    for (const entry of entries) {
      entry.uses -= 1;
      if (entry.uses > 0) continue;
      this.held.delete(entry.key);
      unused.push(entry.id);
    }
    return unused;
  }
}
