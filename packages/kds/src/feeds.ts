import type { AnyDescriptor, DescriptorRegistry, Resource, ResourceView, ViewChange } from '@mesh/core';
import { type EncodedResource, toEncodedResource } from './codec.js';
import { type FeedListener, ViewFeed } from './feed.js';
import { FEATURE_HASH_SUFFIX, kindsGlobalToZone, kindsZoneToGlobal } from './kinds.js';
import { changesOffer, goesToZone, mapToZone, objectsOfZone, type ReceivingZone } from './outbound-global.js';
import { goesToGlobal, mapToGlobal } from './outbound-zone.js';

export interface FeedContext {
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  /** `labels.skipPrefixes` of the KDS configuration. */
  readonly skipPrefixes: readonly string[];
  readonly onError: (resource: Resource, error: unknown) => void;
}

/** Makes the feeds of a global's zones; zones share the encoded bytes. */
export class GlobalFeeds {
  private readonly hashed = new WeakMap<Resource, EncodedResource>();
  private readonly plain = new WeakMap<Resource, EncodedResource>();
  private readonly descriptors: readonly AnyDescriptor[];
  private readonly relevantKinds: ReadonlySet<string>;
  /** Of the newest event: every zone asks for them. */
  private newest: { readonly changes: readonly ViewChange[]; readonly relevant: readonly ViewChange[] } | undefined;

  constructor(private readonly context: FeedContext) {
    // Producer policies are global-to-zone kinds too, so this list is complete.
    this.descriptors = kindsGlobalToZone(context.registry);
    this.relevantKinds = new Set(this.descriptors.map(({ kind }) => kind));
  }

  /** The feed of one zone; close it when its stream ends. */
  open(to: ReceivingZone, onChange: FeedListener): ViewFeed {
    const { view, registry, onError, skipPrefixes } = this.context;
    const hash = to.features.has(FEATURE_HASH_SUFFIX);
    const cache = hash ? this.hashed : this.plain;
    return new ViewFeed({
      view,
      descriptors: this.descriptors,
      selects: (resource, descriptor) => goesToZone(resource, descriptor, { to, view }),
      encode: (resource, descriptor) =>
        memoised(cache, resource, () => toEncodedResource(mapToZone(resource, descriptor, { hash, skipPrefixes }), descriptor)),
      relevant: (changes) => this.relevantOf(changes),
      dependents: (change) => (changesOffer(change) ? objectsOfZone(change.key.name, registry, view) : []),
      onError,
      onChange,
    });
  }

  /** Most events are of dataplanes and insights, which no zone is sent: a hundred zones shall not look at each of them. */
  private relevantOf(changes: readonly ViewChange[]): readonly ViewChange[] {
    if (this.newest?.changes !== changes)
      this.newest = { changes, relevant: changes.filter((change) => this.relevantKinds.has(change.key.kind) || changesOffer(change)) };
    return this.newest.relevant;
  }
}

/** Opens the feed of a zone towards its global. */
export function openZoneFeed(context: FeedContext, zone: string, onChange: FeedListener): ViewFeed {
  const { view, registry, onError, skipPrefixes } = context;
  return new ViewFeed({
    view,
    descriptors: kindsZoneToGlobal(registry),
    selects: goesToGlobal,
    encode: (resource, descriptor) => toEncodedResource(mapToGlobal(resource, descriptor, { zone, skipPrefixes }), descriptor),
    onError,
    onChange,
  });
}

function memoised(cache: WeakMap<Resource, EncodedResource>, resource: Resource, make: () => EncodedResource): EncodedResource {
  let made = cache.get(resource);
  if (!made) cache.set(resource, (made = make()));
  return made;
}
