import { type Author, MeshError, type Resource, type ResourceDraft, type ResourceKey, type ResourceStore } from '@mesh/core';

export interface UpdateResourceOptions<Spec> {
  readonly store: ResourceStore;
  readonly key: ResourceKey;
  readonly author: Author;
  readonly fence?: number;
  /** New content from the stored one; undefined: leave as it is. Runs again after a lost race. */
  readonly change: (stored: Resource<Spec> | undefined) => Omit<ResourceDraft, keyof ResourceKey> | undefined;
}

/** Lost races until an update gives up. */
const ATTEMPTS_MAX = 20;

/** Reads, changes and writes one resource under its optimistic lock, again where another writer was quicker. */
export async function updateResource<Spec>(options: UpdateResourceOptions<Spec>): Promise<void> {
  const { store, key, author, fence } = options;
  for (let attempt = 1; ; attempt++) {
    const stored = (await store.get(key)) as Resource<Spec> | undefined;
    const content = options.change(stored);
    if (!content) return;
    const draft = { ...key, ...content };
    try {
      await store.transact([stored ? { op: 'update', draft, expectedVersion: stored.meta.version } : { op: 'create', draft }], {
        author,
        ...(fence !== undefined ? { fence } : {}),
      });
      return;
    } catch (error) {
      const lostRace = MeshError.is(error, 'conflict') || MeshError.is(error, 'already_exists') || MeshError.is(error, 'not_found');
      if (!lostRace || attempt >= ATTEMPTS_MAX) throw error;
    }
  }
}
