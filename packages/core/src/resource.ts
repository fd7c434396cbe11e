/** JSON as it travels in REST documents, in the store and between services. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Identity of a resource. `mesh` is the empty string for kinds of global scope. */
export interface ResourceKey {
  readonly kind: string;
  readonly mesh: string;
  readonly name: string;
}

export interface ResourceMeta {
  /** Mesh the resource belongs to; empty for kinds of global scope. */
  readonly mesh: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339, UTC. */
  readonly creationTime: string;
  /** RFC 3339, UTC. */
  readonly modificationTime: string;
  /** Optimistic lock: 1 on create, plus one with every update. */
  readonly version: number;
  /** The resource whose removal removes this one (a Mesh, a Zone). */
  readonly owner?: ResourceKey;
}

/**
 * A resource as every part of the control plane holds it. Values are immutable: whoever
 * changes one makes a new one. `spec` is the JSON of the REST document: protobuf JSON for
 * kinds whose wire form is protobuf (lowerCamel, 64-bit numbers as strings, durations
 * "3600s"), plain JSON for plugin kinds.
 */
export interface Resource<Spec = JsonObject, Status = JsonObject> {
  readonly kind: string;
  readonly meta: ResourceMeta;
  readonly spec: Spec;
  readonly status?: Status;
}

/** The key of a resource. */
export function keyOf(resource: Resource<unknown, unknown>): ResourceKey {
  return { kind: resource.kind, mesh: resource.meta.mesh, name: resource.meta.name };
}

/** A string that is unique per key; names and meshes never contain a slash. */
export function keyString(key: ResourceKey): string {
  return `${key.kind}/${key.mesh}/${key.name}`;
}

/** Orders by mesh, then name, as every list of the API is ordered. */
export function compareByMeshAndName(a: Resource<unknown, unknown>, b: Resource<unknown, unknown>): number {
  if (a.meta.mesh !== b.meta.mesh) return a.meta.mesh < b.meta.mesh ? -1 : 1;
  if (a.meta.name === b.meta.name) return 0;
  return a.meta.name < b.meta.name ? -1 : 1;
}
