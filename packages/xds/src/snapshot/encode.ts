import { hash } from 'node:crypto';
import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { Snapshot, SnapshotResource, SnapshotType } from '@mesh/delta';
import { typeUrlOf } from '@mesh/proto';
import { ClusterSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '@mesh/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '@mesh/proto/envoy/config/route/v3/route_pb.js';
import { SecretSchema } from '@mesh/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';

/** Type URLs of the resources a proxy gets. */
export const CLUSTER_TYPE = typeUrlOf(ClusterSchema);
export const ENDPOINT_TYPE = typeUrlOf(ClusterLoadAssignmentSchema);
export const LISTENER_TYPE = typeUrlOf(ListenerSchema);
export const ROUTE_TYPE = typeUrlOf(RouteConfigurationSchema);
export const SECRET_TYPE = typeUrlOf(SecretSchema);

/** All types of a snapshot, in the order they are pushed. */
export const SNAPSHOT_TYPES: readonly string[] = [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, SECRET_TYPE];

/** A short hash of a text or of bytes. In one call: an object for each hash costs ten times as much. */
export function hashOf(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex').slice(0, 16);
}

/** Encodes a resource once; whoever sends it shares the bytes. */
export function encodeResource<Desc extends DescMessage>(schema: Desc, name: string, message: MessageShape<Desc>): SnapshotResource {
  const body = toBinary(schema, message);
  return { name, version: hashOf(body), body };
}

/** Collects the resources of one proxy; the same name twice must be the same resource. */
export class SnapshotBuilder {
  private readonly types = new Map<string, Map<string, SnapshotResource>>(SNAPSHOT_TYPES.map((type) => [type, new Map()]));
  private readonly conflicts: string[] = [];

  add(type: string, resource: SnapshotResource): void {
    const resources = this.types.get(type);
    const known = resources?.get(resource.name);
    if (known && known.version !== resource.version) this.conflicts.push(`two different resources of ${type} are named "${resource.name}"`);
    resources?.set(resource.name, resource);
  }

  has(type: string, name: string): boolean {
    return this.types.get(type)?.has(name) ?? false;
  }

  /** Names that were given to different resources. */
  get problems(): readonly string[] {
    return this.conflicts;
  }

  /** The snapshot; resources ordered by name. Types that are what they were in the one before are the same objects. */
  build(before?: Snapshot): Snapshot {
    return new Map([...this.types].map(([type, resources]) => [type, snapshotType(resources, before?.get(type))]));
  }
}

/** Resources of one type, ordered by name; the very type that was there `before` where it is the same. */
export function snapshotType(resources: ReadonlyMap<string, SnapshotResource>, before?: SnapshotType): SnapshotType {
  return sameType(before, resources) ?? typeOf(resources);
}

function sameType(before: SnapshotType | undefined, now: ReadonlyMap<string, SnapshotResource>): SnapshotType | undefined {
  if (!before || before.resources.size !== now.size) return undefined;
  for (const [name, resource] of now) if (before.resources.get(name) !== resource) return undefined;
  return before;
}

function typeOf(resources: ReadonlyMap<string, SnapshotResource>): SnapshotType {
  const sorted = [...resources.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const version = hashOf(sorted.map((resource) => `${resource.name}\0${resource.version}\0`).join(''));
  return { version, resources: new Map(sorted.map((resource) => [resource.name, resource])) };
}

/**
 * A load assignment whose version also moves with its cluster: Envoy warms an updated cluster until
 * it sees endpoints again (contract/dataplane.md §2.1).
 */
export function versionWithCluster(assignment: SnapshotResource, cluster: SnapshotResource): SnapshotResource {
  let known = versioned.get(assignment);
  if (!known) versioned.set(assignment, (known = new Map()));
  let resource = known.get(cluster.version);
  if (!resource) known.set(cluster.version, (resource = { ...assignment, version: hashOf(assignment.version + cluster.version) }));
  return resource;
}

/** One object for each pair, so that what has not changed can be told by looking at the objects. */
const versioned = new WeakMap<SnapshotResource, Map<string, SnapshotResource>>();
