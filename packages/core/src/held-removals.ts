import type { ResourceDraft } from './ports/store.js';
import type { ResourceKey } from './resource.js';
import type { ResourceView } from './view.js';

/** Configs that hold what a control plane remembers of a peer it syncs with: `kds-peer-global`, `kds-peer-<zone>`. */
export const KDS_PEER_CONFIG_PREFIX = 'kds-peer-';

/** The record of a peer, as it is stored (design.md §5). */
export interface StoredPeer {
  /** Of the peer's store. */
  readonly id: string;
  /** How far that store had come. */
  readonly revision: number;
  /** Kind to wire names (`name.mesh`) whose removal waits for an operator. */
  readonly held: Readonly<Record<string, readonly string[]>>;
  /** Kind to wire names that stay as they are although the peer, whose store is another one, has a default of its own. */
  readonly kept: Readonly<Record<string, readonly string[]>>;
}

/** Reads a stored record; undefined for whatever is none. */
export function parseStoredPeer(text: string | undefined): StoredPeer | undefined {
  if (!text) return undefined;
  try {
    const { id, revision, held, kept } = JSON.parse(text) as Record<string, unknown>;
    if (typeof id !== 'string' || id === '' || typeof revision !== 'number') return undefined;
    return { id, revision, held: (held ?? {}) as StoredPeer['held'], kept: (kept ?? {}) as StoredPeer['kept'] };
  } catch {
    return undefined;
  }
}

/**
 * A resource that its owner no longer has, or has a mere default of, and that is kept here because the owner came back with
 * another or an older store.
 */
export interface HeldRemoval {
  /** `global`, or the name of a zone. */
  readonly peer: string;
  readonly kind: string;
  /** As the peer called it, with its mesh behind the last dot: `name.mesh`, `name.` for kinds of no mesh. */
  readonly name: string;
  /** What happens once it is released: it goes, or that of its owner takes its place. */
  readonly released: 'removed' | 'replaced';
}

/** Everything that is held, in order of peer, kind and name. */
export function heldRemovals(view: ResourceView): HeldRemoval[] {
  return view.listSorted<{ config?: string }>('Config', '').flatMap(({ meta, spec }) => {
    if (!meta.name.startsWith(KDS_PEER_CONFIG_PREFIX)) return [];
    const peer = meta.name.slice(KDS_PEER_CONFIG_PREFIX.length);
    const stored = parseStoredPeer(spec.config);
    const list = (of: StoredPeer['held'] = {}, released: HeldRemoval['released']) =>
      Object.entries(of).flatMap(([kind, names]) => names.map((name) => ({ peer, kind, name, released })));
    return [...list(stored?.held, 'removed'), ...list(stored?.kept, 'replaced')].sort(byKindAndName);
  });
}

function byKindAndName(a: HeldRemoval, b: HeldRemoval): number {
  return `${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1;
}

/** Where a resource whose removal is held is stored; undefined for what is no wire name. */
export function keyOfHeld({ kind, name }: Pick<HeldRemoval, 'kind' | 'name'>): ResourceKey | undefined {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? undefined : { kind, mesh: name.slice(dot + 1), name: name.slice(0, dot) };
}

/**
 * What carries out a held removal: the records of peers without it. Empty where none is held, and the
 * resource still belongs to its owner.
 */
export function withoutHeld(view: ResourceView, key: ResourceKey): ResourceDraft[] {
  return recordsWithout(view, key, 'held');
}

/** What lets the default of its owner take the place of a resource that is kept: the records of peers without it. */
export function withoutKept(view: ResourceView, key: ResourceKey): ResourceDraft[] {
  return recordsWithout(view, key, 'kept');
}

function recordsWithout(view: ResourceView, { kind, mesh, name }: ResourceKey, list: 'held' | 'kept'): ResourceDraft[] {
  const wireName = `${name}.${mesh}`;
  return view.list<{ config?: string }>('Config', '').flatMap(({ meta, spec }) => {
    const stored = meta.name.startsWith(KDS_PEER_CONFIG_PREFIX) ? parseStoredPeer(spec.config) : undefined;
    const names = stored?.[list][kind];
    if (!stored || !names?.includes(wireName)) return [];
    const rest = names.filter((each) => each !== wireName);
    const { [kind]: _, ...others } = stored[list];
    const config = JSON.stringify({ ...stored, [list]: { ...others, ...(rest.length > 0 ? { [kind]: rest } : {}) } });
    const { owner, labels } = meta;
    return [{ kind: 'Config', mesh: '', name: meta.name, labels, spec: { config }, ...(owner ? { owner } : {}) }];
  });
}
