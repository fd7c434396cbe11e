import { type AnyDescriptor, keyString, type Resource, type ResourceView, type ViewChange } from '@mesh/core';
import type { EncodedResource } from './codec.js';

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
}

/** A feed over a view: each event maps and encodes only what changed. */
export class ViewFeed implements KdsFeed {
  private readonly kindStates = new Map<string, KindState>();
  private readonly subscription: { unsubscribe(): void };

  constructor(private readonly options: ViewFeedOptions) {
    for (const descriptor of options.descriptors) {
      this.kindStates.set(descriptor.kind, { descriptor, byName: new Map(), nameOfSource: new Map() });
      for (const resource of options.view.list(descriptor.kind)) this.put(resource);
    }
    this.subscription = options.view.subscribe((event) => this.onChanges(event.changes));
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
    const encoded = this.encode(resource, state);
    if (!encoded) return this.drop(resource.kind, source);
    const previous = state.nameOfSource.get(source);
    const changed = previous !== undefined && previous !== encoded.name ? this.drop(resource.kind, source) : [];
    state.nameOfSource.set(source, encoded.name);
    if (state.byName.get(encoded.name)?.version === encoded.version) return changed;
    state.byName.set(encoded.name, encoded);
    return [...changed, encoded.name];
  }

  private drop(kind: string, source: string): string[] {
    const state = this.kindStates.get(kind);
    const name = state?.nameOfSource.get(source);
    if (!state || name === undefined) return [];
    state.nameOfSource.delete(source);
    state.byName.delete(name);
    return [name];
  }

  private encode(resource: Resource, state: KindState): EncodedResource | undefined {
    try {
      return this.options.selects(resource, state.descriptor) ? this.options.encode(resource, state.descriptor) : undefined;
    } catch (error) {
      this.options.onError(resource, error);
      return undefined;
    }
  }
}
