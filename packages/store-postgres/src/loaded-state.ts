import { keyString, type MutationState, type PlannedChange, type Resource, type ResourceKey } from '@mesh/core';

/** The part of the store that a batch of transactions touches, kept up to date while they are planned one after another. */
export class LoadedState implements MutationState {
  private readonly resources = new Map<string, Resource>();
  /** Keys of what is owned, by key of the owner. */
  private readonly owned = new Map<string, Set<string>>();

  constructor(resources: Iterable<Resource>) {
    for (const resource of resources)
      this.put(keyString({ kind: resource.kind, mesh: resource.meta.mesh, name: resource.meta.name }), resource);
  }

  get(key: ResourceKey): Resource | undefined {
    return this.resources.get(keyString(key));
  }

  ownedBy(key: ResourceKey): Resource[] {
    return [...(this.owned.get(keyString(key)) ?? [])].flatMap((id) => this.resources.get(id) ?? []);
  }

  /** Makes a planned change the state of what is planned next. */
  apply({ key, after }: PlannedChange): void {
    const id = keyString(key);
    const before = this.resources.get(id);
    if (before?.meta.owner) this.owned.get(keyString(before.meta.owner))?.delete(id);
    if (after) this.put(id, after);
    else this.resources.delete(id);
  }

  private put(id: string, resource: Resource): void {
    this.resources.set(id, resource);
    const { owner } = resource.meta;
    if (!owner) return;
    const ids = this.owned.get(keyString(owner)) ?? new Set();
    this.owned.set(keyString(owner), ids.add(id));
  }
}
