import { MeshError } from './errors.js';
import { copyJson, findUnstorableText, jsonEqual } from './json.js';
import type { Mutation, ResourceDraft } from './ports/store.js';
import { type JsonObject, keyOf, keyString, type Resource, type ResourceKey } from './resource.js';

/** What a plan reads: the state before the transaction. */
export interface MutationState {
  get(key: ResourceKey): Resource | undefined;
  /** Resources whose `meta.owner` is the key. */
  ownedBy(key: ResourceKey): Iterable<Resource>;
}

/** One line the change log will get. */
export interface PlannedChange {
  readonly key: ResourceKey;
  readonly before?: Resource;
  /** Absent for a removal. */
  readonly after?: Resource;
}

/**
 * The changes that mutations make to a state, in order, by the rules of `ResourceStore.transact`.
 * Throws MeshError where one of them cannot be done; nothing is changed then, as nothing is
 * written here. What an owner owns is removed before the owner.
 * @param now RFC 3339 time of the transaction.
 */
export function planMutations(mutations: readonly Mutation[], context: { state: MutationState; now: string }): PlannedChange[] {
  const plan = new Plan(context.state, context.now);
  for (const mutation of mutations) plan.apply(mutation);
  return plan.changes;
}

class Plan {
  readonly changes: PlannedChange[] = [];
  /** Outcome of the changes so far, by key; undefined for removed ones. */
  private readonly written = new Map<string, Resource | undefined>();

  constructor(
    private readonly state: MutationState,
    private readonly now: string,
  ) {}

  apply(mutation: Mutation): void {
    if (mutation.op === 'delete') {
      this.remove(mutation.key, mutation.expectedVersion);
      return;
    }
    const { draft } = mutation;
    checkStorable(draft);
    const before = this.get(draft);
    if (mutation.op === 'create' && before) throw new MeshError('already_exists', { public: `${describe(draft)} already exists` });
    if (mutation.op === 'update') checkVersion(draft, { before, expectedVersion: mutation.expectedVersion });
    if (mutation.op === 'upsert' && before && sameContent(before, draft)) return;
    this.record({ key: keyOfDraft(draft), after: makeResource(draft, { before, now: this.now }), ...(before ? { before } : {}) });
  }

  private remove(key: ResourceKey, expectedVersion: number | undefined): void {
    const root = this.get(key);
    if (!root) return;
    checkVersion(key, { before: root, expectedVersion });
    const visited = new Set([keyString(key)]);
    const order: Resource[] = [];
    const visit = (resource: Resource): void => {
      for (const owned of this.ownedBy(keyOf(resource))) {
        const id = keyString(keyOf(owned));
        if (visited.has(id)) continue;
        visited.add(id);
        visit(owned);
      }
      order.push(resource);
    };
    visit(root);
    for (const before of order) this.record({ key: keyOf(before), before });
  }

  private get(key: ResourceKey): Resource | undefined {
    const id = keyString(key);
    return this.written.has(id) ? this.written.get(id) : this.state.get(key);
  }

  private ownedBy(key: ResourceKey): Resource[] {
    const owned = [...this.state.ownedBy(key)].filter((resource) => !this.written.has(keyString(keyOf(resource))));
    for (const resource of this.written.values()) {
      if (resource?.meta.owner && keyString(resource.meta.owner) === keyString(key)) owned.push(resource);
    }
    return owned;
  }

  private record(change: PlannedChange): void {
    this.written.set(keyString(change.key), change.after);
    this.changes.push(change);
  }
}

function checkVersion(key: ResourceKey, versions: { before: Resource | undefined; expectedVersion: number | undefined }): void {
  const { before, expectedVersion } = versions;
  if (!before) throw new MeshError('not_found', { public: `${describe(key)} does not exist` });
  if (expectedVersion === undefined || before.meta.version === expectedVersion) return;
  throw new MeshError('conflict', {
    public: `${describe(key)} was changed meanwhile: version ${before.meta.version} is stored, ${expectedVersion} was expected`,
  });
}

function checkStorable(draft: ResourceDraft): void {
  const { kind, mesh, name, labels, spec, status } = draft;
  const field = findUnstorableText({ kind, mesh, name, labels, spec, status });
  if (field === undefined) return;
  throw new MeshError('invalid', { violations: [{ field, message: 'must not contain NUL or unpaired surrogates' }] });
}

function sameContent(before: Resource, draft: ResourceDraft): boolean {
  return (
    jsonEqual(before.meta.labels, draft.labels ?? {}) &&
    jsonEqual(before.spec, draft.spec ?? {}) &&
    jsonEqual(before.status, draft.status) &&
    jsonEqual(before.meta.owner, draft.owner)
  );
}

function makeResource(draft: ResourceDraft, context: { before: Resource | undefined; now: string }): Resource {
  const { before, now } = context;
  const { owner } = draft;
  return {
    kind: draft.kind,
    meta: {
      mesh: draft.mesh,
      name: draft.name,
      labels: { ...draft.labels },
      creationTime: before?.meta.creationTime ?? now,
      modificationTime: now,
      version: (before?.meta.version ?? 0) + 1,
      ...(owner ? { owner: { kind: owner.kind, mesh: owner.mesh, name: owner.name } } : {}),
    },
    spec: copyJson(draft.spec ?? {}) as JsonObject,
    ...(draft.status === undefined ? {} : { status: copyJson(draft.status) as JsonObject }),
  };
}

function keyOfDraft(draft: ResourceDraft): ResourceKey {
  return { kind: draft.kind, mesh: draft.mesh, name: draft.name };
}

function describe(key: ResourceKey): string {
  return key.mesh === '' ? `${key.kind} "${key.name}"` : `${key.kind} "${key.name}" in mesh "${key.mesh}"`;
}
