import { type AnyDescriptor, keyString, type Resource, type ResourceView, type ViewChange } from '@mesh/core';
import type { EncodedResource } from './codec.js';
import { SetDigest } from './digest.js';
import { hashedNameOf, wireName } from './names.js';

/** One resource of the outgoing state changed or went. */
export type FeedListener = (kind: string, wireName: string) => void;

/** What one peer should have, kept current with a view. */
export interface KdsFeed {
  /** Whether this side knows a kind and sends it, be there any or none. */
  sends(kind: string): boolean;
  /** Resources of a kind by wire name; empty for kinds that are not sent. */
  resources(kind: string): ReadonlyMap<string, EncodedResource>;
  /** Kinds that are sent and of which there is something. */
  kinds(): Iterable<string>;
  /** SetDigest of the resources of a kind; undefined where some of them are withheld. Absent: nothing is compared. */
  digest?(kind: string): string | undefined;
  /** The source of this name is there but cannot be encoded at present: no reason for a peer to drop what it has of it. */
  isWithheld?(kind: string, wireName: string): boolean;
  /** Revision of the view the feed has seen. */
  readonly revision: number;
}

export interface ViewFeedOptions {
  readonly view: ResourceView;
  readonly descriptors: readonly AnyDescriptor[];
  /** Whether the peer gets the resource. */
  readonly selects: (resource: Resource, descriptor: AnyDescriptor) => boolean;
  /** The bytes the peer gets; memoised by the caller, so that peers share them. */
  readonly encode: (resource: Resource, descriptor: AnyDescriptor) => EncodedResource;
  /** Those of the changes of one event that can matter to the feed; the caller finds them once for all its feeds. Default: all. */
  readonly relevant?: (changes: readonly ViewChange[]) => readonly ViewChange[];
  /** Other resources whose selection hangs on a change (those of a zone that was disabled). */
  readonly dependents?: (change: ViewChange) => Iterable<Resource>;
  /** A resource that cannot be encoded is left out and told here; the others go on. */
  readonly onError: (resource: Resource, error: unknown) => void;
  /** Told once per change of the outgoing state, after all changes of the event are in. */
  readonly onChange: FeedListener;
}

interface KindState {
  readonly descriptor: AnyDescriptor;
  readonly byName: Map<string, EncodedResource>;
  /** Key of the source to its name on the wire: what must go when the source goes. */
  readonly nameOfSource: Map<string, string>;
  readonly digest: SetDigest;
  /** Keys of sources that cannot be encoded, with the names under which a peer may know them. */
  readonly withheld: Map<string, readonly string[]>;
}

/** A feed over a view: each event maps and encodes only what changed. */
export class ViewFeed implements KdsFeed {
  private readonly kindStates = new Map<string, KindState>();
  private readonly subscription: { unsubscribe(): void };

  constructor(private readonly options: ViewFeedOptions) {
    for (const descriptor of options.descriptors) {
      this.kindStates.set(descriptor.kind, {
        descriptor,
        byName: new Map(),
        nameOfSource: new Map(),
        digest: new SetDigest(),
        withheld: new Map(),
      });
      for (const resource of options.view.list(descriptor.kind)) this.put(resource);
    }
    this.subscription = options.view.subscribe(({ changes }) => this.onChanges(options.relevant?.(changes) ?? changes));
  }

  get revision(): number {
    return this.options.view.revision;
  }

  sends(kind: string): boolean {
    return this.kindStates.has(kind);
  }

  resources(kind: string): ReadonlyMap<string, EncodedResource> {
    return this.kindStates.get(kind)?.byName ?? new Map();
  }

  digest(kind: string): string | undefined {
    const state = this.kindStates.get(kind);
    return state && state.withheld.size === 0 ? state.digest.text : undefined;
  }

  isWithheld(kind: string, wireName: string): boolean {
    for (const names of this.kindStates.get(kind)?.withheld.values() ?? []) if (names.includes(wireName)) return true;
    return false;
  }

  *kinds(): Iterable<string> {
    for (const [kind, { byName }] of this.kindStates) if (byName.size > 0) yield kind;
  }

  close(): void {
    this.subscription.unsubscribe();
  }

  private onChanges(changes: readonly ViewChange[]): void {
    const dirty = new Map<string, Set<string>>();
    const mark = (kind: string, names: readonly string[]): void => {
      const set = dirty.get(kind) ?? new Set();
      for (const name of names) set.add(name);
      if (set.size > 0) dirty.set(kind, set);
    };
    for (const change of changes) {
      const { kind } = change.key;
      if (this.kindStates.has(kind)) mark(kind, change.after ? this.put(change.after) : this.drop(kind, keyString(change.key)));
      for (const resource of this.options.dependents?.(change) ?? []) mark(resource.kind, this.put(resource));
    }
    for (const [kind, names] of dirty) for (const name of names) this.options.onChange(kind, name);
  }

  /** Returns the wire names whose content changed. */
  private put(resource: Resource): string[] {
    const state = this.kindStates.get(resource.kind);
    if (!state) return [];
    const source = keyString({ kind: resource.kind, mesh: resource.meta.mesh, name: resource.meta.name });
    if (!this.options.selects(resource, state.descriptor)) return this.drop(resource.kind, source);
    const encoded = this.encode(resource, state);
    // What cannot be encoded is not gone: the peer keeps what it has.
    if (!encoded) return this.withhold(resource, { state, source });
    state.withheld.delete(source);
    const previous = state.nameOfSource.get(source);
    const changed = previous !== undefined && previous !== encoded.name ? this.drop(resource.kind, source) : [];
    state.nameOfSource.set(source, encoded.name);
    const present = state.byName.get(encoded.name);
    if (present?.version === encoded.version) return changed;
    if (present) state.digest.remove(present.version);
    state.digest.add(encoded.version);
    state.byName.set(encoded.name, encoded);
    return [...changed, encoded.name];
  }

  private withhold(resource: Resource, { state, source }: { state: KindState; source: string }): string[] {
    const { name, mesh, labels } = resource.meta;
    if (!state.nameOfSource.has(source)) state.withheld.set(source, [wireName(name, mesh), wireName(hashedNameOf(resource, labels), mesh)]);
    return [];
  }

  private drop(kind: string, source: string): string[] {
    const state = this.kindStates.get(kind);
    const name = state?.nameOfSource.get(source);
    const names = state?.withheld.get(source);
    if (state && names) {
      state.withheld.delete(source);
      return [...names];
    }
    if (!state || name === undefined) return [];
    const present = state.byName.get(name);
    if (present) state.digest.remove(present.version);
    state.nameOfSource.delete(source);
    state.byName.delete(name);
    return [name];
  }

  private encode(resource: Resource, state: KindState): EncodedResource | undefined {
    try {
      return this.options.encode(resource, state.descriptor);
    } catch (error) {
      this.options.onError(resource, error);
      return undefined;
    }
  }
}
