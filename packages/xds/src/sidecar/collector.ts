import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Snapshot, SnapshotResource, SnapshotType } from '@mesh/delta';
import { ClusterSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import type { Tags } from '@mesh/resources';
import { type ClusterModel, finishCluster } from '../build/cluster.js';
import { finishListener, type ListenerModel } from '../build/listener.js';
import { type BuildResult, checkConsistency, type References } from '../snapshot/consistency.js';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  encodeResource,
  LISTENER_TYPE,
  ROUTE_TYPE,
  SECRET_TYPE,
  SnapshotBuilder,
  snapshotType,
  versionWithCluster,
} from '../snapshot/encode.js';

/** A cluster in its encoded form, with its endpoints where they come over EDS. */
export interface EncodedCluster {
  readonly resource: SnapshotResource;
  readonly assignment?: SnapshotResource;
}

/** Encodes a cluster; its load assignment, where given, moves with it. */
export function encodeCluster(model: ClusterModel, assignment?: SnapshotResource): EncodedCluster {
  const resource = encodeResource(ClusterSchema, model.message.name, finishCluster(model));
  return assignment ? { resource, assignment: versionWithCluster(assignment, resource) } : { resource };
}

/** Finishes a listener and encodes it. */
export function encodeListener(model: ListenerModel): SnapshotResource {
  return encodeResource(ListenerSchema, model.name, finishListener(model));
}

/** A cluster of a service, whose load assignment is asked for with every snapshot. */
export interface AssignedCluster {
  readonly cluster: SnapshotResource;
  /** Of the instances behind it. */
  readonly tags: Tags;
}

/** All of a proxy's configuration but the load assignments of services, which change more often than all the rest. */
export interface Frame {
  readonly types: Snapshot;
  readonly assigned: readonly AssignedCluster[];
  readonly references: References;
  /** Names that were given to different resources. */
  readonly conflicts: readonly string[];
}

/** Gathers what the generators of one proxy make, and what it refers to. */
export class ResourceCollector {
  private readonly builder = new SnapshotBuilder();
  private readonly usedClusters = new Set<string>();
  private readonly edsClusters = new Set<string>();
  private readonly assigned: AssignedCluster[] = [];
  private readonly usedRoutes = new Set<string>();
  private readonly usedSecrets = new Set<string>();

  /** Adds a cluster; of several with one name the first stays. */
  addCluster(cluster: EncodedCluster): void {
    if (this.builder.has(CLUSTER_TYPE, cluster.resource.name)) return;
    this.builder.add(CLUSTER_TYPE, cluster.resource);
    if (!cluster.assignment) return;
    this.edsClusters.add(cluster.resource.name);
    this.builder.add(ENDPOINT_TYPE, cluster.assignment);
  }

  /** Adds a cluster of a service, to be given its load assignment by `completeFrame`; of several with one name the first stays. */
  addAssigned(assigned: AssignedCluster): void {
    const { name } = assigned.cluster;
    if (this.builder.has(CLUSTER_TYPE, name)) return;
    this.builder.add(CLUSTER_TYPE, assigned.cluster);
    this.edsClusters.add(name);
    this.assigned.push(assigned);
  }

  addListener(listener: SnapshotResource): void {
    this.builder.add(LISTENER_TYPE, listener);
  }

  /** Adds a route configuration; the same may be added more than once. */
  addRoutes(routes: SnapshotResource): void {
    this.builder.add(ROUTE_TYPE, routes);
  }

  /** Notes that a listener takes this route configuration over RDS. */
  useRoutes(name: string): void {
    this.usedRoutes.add(name);
  }

  addSecret<Desc extends DescMessage>(schema: Desc, name: string, message: MessageShape<Desc>): void {
    this.addSecretResource(encodeResource(schema, name, message));
  }

  addSecretResource(secret: SnapshotResource): void {
    this.builder.add(SECRET_TYPE, secret);
  }

  /** Notes that something leads to these clusters. */
  useClusters(names: Iterable<string>): void {
    for (const name of names) this.usedClusters.add(name);
  }

  useSecrets(...names: readonly string[]): void {
    for (const name of names) this.usedSecrets.add(name);
  }

  /** The snapshot, if it holds together; for proxies without clusters of `addAssigned`. */
  finish(): BuildResult {
    return checkedSnapshot(this.builder.build(), this.frame());
  }

  /** What was gathered, without load assignments; unchanged types are those of the snapshot `before`. */
  frame(before?: Snapshot): Frame {
    const references = { edsClusters: this.edsClusters, clusters: this.usedClusters, routes: this.usedRoutes, secrets: this.usedSecrets };
    return { types: this.builder.build(before), assigned: this.assigned, references, conflicts: this.builder.problems };
  }
}

/** A frame with its load assignments, whether or not it holds together; unchanged types are those of the snapshot `before`. */
export function completeFrame(frame: Frame, assignmentOf: (assigned: AssignedCluster) => SnapshotResource, before?: Snapshot): Snapshot {
  const assignments = frame.assigned.map((assigned) => versionWithCluster(assignmentOf(assigned), assigned.cluster));
  const resources = new Map(assignments.map((assignment) => [assignment.name, assignment]));
  return new Map<string, SnapshotType>([...frame.types, [ENDPOINT_TYPE, snapshotType(resources, before?.get(ENDPOINT_TYPE))]]);
}

/** The snapshot, or what does not hold together in it. */
export function checkedSnapshot(snapshot: Snapshot, { conflicts, references }: Frame): BuildResult {
  const problems = [...conflicts, ...checkConsistency(snapshot, references)];
  return problems.length === 0 ? { ok: true, snapshot } : { ok: false, problems };
}
