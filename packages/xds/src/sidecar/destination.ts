import { TAG_SERVICE } from '@mesh/core';
import type { SnapshotResource } from '@mesh/delta';
import { ClusterLoadAssignmentSchema } from '@mesh/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import type { Tags } from '@mesh/resources';
import { type ClusterModel, edsCluster, setHttpVersion, setLoadBalancer } from '../build/cluster.js';
import { externalCluster, externalRefusal } from '../build/external-cluster.js';
import { loadAssignment } from '../build/load-assignment.js';
import { meshUpstreamSocket } from '../build/tls.js';
import type { Endpoint, ExternalTarget } from '../context/endpoint.js';
import { endpointsOf, type MeshContext, protocolOfService } from '../context/mesh-context.js';
import { destinationClusterName, EGRESS_SERVICE, hostPort, sniOf, spiffeId } from '../model/names.js';
import type { LoadBalancer } from '../model/routes.js';
import { containsTags, tagsKey } from '../model/tags.js';
import { encodeResource } from '../snapshot/encode.js';
import { encodeCluster } from './collector.js';
import type { SidecarScope } from './input.js';

/** Zones a refusal names; the body of a response is limited. */
const NAMED_ZONES_MAX = 10;

/** A service, or a subset of one, that traffic is sent to. */
export interface Destination {
  readonly tags: Tags;
  readonly loadBalancer: LoadBalancer | undefined;
}

/** Instances of a service that carry all the tags. */
export function endpointsWithTags(context: MeshContext, tags: Tags): readonly Endpoint[] {
  return endpointsOf(context, tags[TAG_SERVICE] ?? '').filter((endpoint) => containsTags(endpoint.tags, tags));
}

/**
 * Why no instance of a destination can be reached: all are in other zones and the mesh has no mTLS,
 * without which traffic does not leave a zone (contract/dataplane.md §4), or the certificates for an
 * external service are not there. Undefined where some can be reached, or where there are none anywhere.
 */
export function refusalOf(context: MeshContext, tags: Tags): string | undefined {
  return context.derive(`refusal/${tagsKey(tags)}`, (now) => findRefusal(now, tags));
}

function findRefusal(context: MeshContext, tags: Tags): string | undefined {
  const service = tags[TAG_SERVICE] ?? '';
  const endpoints = endpointsWithTags(context, tags);
  if (endpoints.length > 0) return directExternal(context, service) && externalRefusal(service, endpoints);
  const elsewhere = (context.unreachable.get(service) ?? []).filter((endpoint) => containsTags(endpoint.tags, tags));
  const zones = [...new Set(elsewhere.map((endpoint) => endpoint.zone))].sort();
  if (zones.length === 0) return undefined;
  const where = zones
    .slice(0, NAMED_ZONES_MAX)
    .map((zone) => `"${zone}"`)
    .join(', ');
  const more = zones.length > NAMED_ZONES_MAX ? ` and ${zones.length - NAMED_ZONES_MAX} more` : '';
  return `service "${service}" has instances only in zone${zones.length > 1 ? 's' : ''} ${where}${more}, which takes mTLS to reach: turn on mTLS in mesh "${context.name}"\n`;
}

/** How a service outside the mesh is dialled by this proxy itself; undefined for services of the mesh. */
export function directExternal(context: MeshContext, service: string): ExternalTarget | undefined {
  return context.derive(`direct/${service}`, (now) => {
    const external = endpointsOf(now, service)[0]?.external;
    return external && !external.viaEgress ? external : undefined;
  });
}

/** Cluster of a destination, shared by all proxies that see the same policies. */
export function destinationCluster(scope: SidecarScope, destination: Destination): SnapshotResource {
  const { context } = scope;
  const name = destinationClusterName(destination.tags);
  const service = destination.tags[TAG_SERVICE] ?? '';
  const balancer = JSON.stringify(destination.loadBalancer ?? null);
  const key = `cluster/${name}/${scope.metadata.ipv6Enabled}/${scope.metadata.systemCaPath}/${balancer}/${scope.outboundKeyTo(service)}`;
  return context.memo(key, () => buildCluster(scope, destination));
}

function buildCluster(scope: SidecarScope, { tags, loadBalancer }: Destination): SnapshotResource {
  const { context } = scope;
  const service = tags[TAG_SERVICE] ?? '';
  const model = directExternal(context, service)
    ? externalCluster({
        name: destinationClusterName(tags),
        protocol: protocolOfService(context, service),
        endpoints: endpointsWithTags(context, tags),
        ipv6: scope.metadata.ipv6Enabled,
        systemCaPath: scope.metadata.systemCaPath,
      })
    : meshCluster(context, tags);
  if (loadBalancer) setLoadBalancer(model.message, loadBalancer);
  for (const { plugin, matched } of scope.active) plugin.configureCluster?.(matched, { context, service, cluster: model });
  return encodeCluster(model).resource;
}

/** The instances behind the cluster of a service, encoded once for all proxies. */
export function assignmentOf(context: MeshContext, name: string, tags: Tags): SnapshotResource {
  return context.derive(
    `assignment/${name}`,
    (now) => encodeResource(ClusterLoadAssignmentSchema, name, loadAssignment(name, endpointsWithTags(now, tags))),
    (a, b) => a.version === b.version,
  );
}

function meshCluster(context: MeshContext, tags: Tags): ClusterModel {
  const service = tags[TAG_SERVICE] ?? '';
  const model = edsCluster(destinationClusterName(tags), protocolOfService(context, service));
  setHttpVersion(model, 'http2');
  const tls = context.derive(`upstream-tls/${tagsKey(tags)}`, (now) => upstreamTls(now, tags), sameTls);
  if (tls) model.message.transportSocket = meshUpstreamSocket(context.name, spiffeId(context.name, tls.certificateOf), tls.sni);
  return model;
}

/** Whose certificate a destination shows, and the SNI it is called by. */
interface UpstreamTls {
  readonly certificateOf: string;
  readonly sni: string;
}

function sameTls(a: UpstreamTls | undefined, b: UpstreamTls | undefined): boolean {
  return a?.certificateOf === b?.certificateOf && a?.sni === b?.sni;
}

function upstreamTls(context: MeshContext, tags: Tags): UpstreamTls | undefined {
  const service = tags[TAG_SERVICE] ?? '';
  const endpoints = endpointsWithTags(context, tags);
  if (!usesTls(context, service, endpoints)) return undefined;
  const certificateOf = endpoints[0]?.external?.viaEgress ? EGRESS_SERVICE : service;
  return { certificateOf, sni: sniOf(context.name, service, tagsForIngress(context, tags)) };
}

/**
 * Tags by which an ingress of another zone shall choose instances. It knows the subsets that policies
 * name, but no outbound of this zone: where all instances behind it carry the tags, the service will do.
 */
function tagsForIngress(context: MeshContext, tags: Tags): Tags {
  const service = tags[TAG_SERVICE] ?? '';
  const remote = endpointsOf(context, service).filter((endpoint) => endpoint.remote);
  const chosen = remote.filter((endpoint) => containsTags(endpoint.tags, tags));
  const hops = new Set(chosen.map(({ address, port }) => hostPort(address, port)));
  const behind = remote.filter(({ address, port }) => hops.has(hostPort(address, port)));
  return chosen.length > 0 && chosen.length === behind.length ? { [TAG_SERVICE]: service } : tags;
}

/** PERMISSIVE meshes turn to TLS service by service; ingresses and egresses are never spoken to without (contract/dataplane.md §2.6). */
function usesTls(context: MeshContext, service: string, endpoints: readonly Endpoint[]): boolean {
  if (!context.mtls) return false;
  if (context.mtls.mode === 'STRICT' || context.tlsReady(service)) return true;
  return endpoints.length > 0 && endpoints.every((endpoint) => endpoint.remote);
}
