import { type AnyDescriptor, type DescriptorRegistry, type JsonObject, type Resource } from '@mesh/core';
import {
  type EncodedResource,
  type FeedListener,
  goesToGlobal,
  type KdsFeed,
  kindsZoneToGlobal,
  mapToGlobal,
  toEncodedResource,
} from '@mesh/kds';

/** What a simulated zone made itself, encoded for its global; no store and no view behind it. */
export class ZoneResources implements KdsFeed {
  private readonly byKind = new Map<string, Map<string, EncodedResource>>();
  private readonly descriptors: ReadonlyMap<string, AnyDescriptor>;
  private readonly listeners = new Set<FeedListener>();
  private changes = 0;

  constructor(
    private readonly zone: string,
    registry: DescriptorRegistry,
  ) {
    this.descriptors = new Map(kindsZoneToGlobal(registry).map((descriptor) => [descriptor.kind, descriptor]));
  }

  get revision(): number {
    return this.changes;
  }

  sends(kind: string): boolean {
    return this.descriptors.has(kind);
  }

  resources(kind: string): ReadonlyMap<string, EncodedResource> {
    return this.byKind.get(kind) ?? new Map();
  }

  *kinds(): Iterable<string> {
    yield* this.byKind.keys();
  }

  /** How many resources the zone has. */
  get count(): number {
    let count = 0;
    for (const resources of this.byKind.values()) count += resources.size;
    return count;
  }

  /** Makes or replaces a resource of this zone. @throws Error for kinds that zones do not send. */
  put(resource: {
    readonly kind: string;
    readonly mesh: string;
    readonly name: string;
    readonly spec: JsonObject;
    readonly status?: JsonObject;
  }): void {
    const { kind, mesh, name, spec, status } = resource;
    const descriptor = this.descriptors.get(kind);
    const full: Resource = {
      kind,
      meta: { mesh, name, labels: {}, creationTime: '', modificationTime: '', version: 1 },
      spec,
      ...(status ? { status } : {}),
    };
    if (!descriptor || !goesToGlobal(full, descriptor)) throw new Error(`zones do not send ${kind}`);
    const encoded = toEncodedResource(mapToGlobal(full, descriptor, { zone: this.zone, skipPrefixes: [] }), descriptor);
    const ofKind = this.byKind.get(kind) ?? new Map<string, EncodedResource>();
    this.byKind.set(kind, ofKind.set(encoded.name, encoded));
    this.changes += 1;
    for (const listener of this.listeners) listener(kind, encoded.name);
  }

  /** Tells a listener of every change until the returned function is called. */
  onChange(listener: FeedListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
