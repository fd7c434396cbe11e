import { create } from '@bufbuild/protobuf';
import { TAG_SERVICE } from '@mesh/core';
import {
  ClusterSchema,
  Cluster_LbSubsetConfig_LbSubsetFallbackPolicy as Fallback,
  Cluster_LbSubsetConfig_LbSubsetSelector_LbSubsetSelectorFallbackPolicy as SelectorFallback,
} from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '@mesh/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import { TcpProxySchema } from '@mesh/proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import type { Tags } from '@mesh/resources';
import { edsCluster, trackRemaining } from '../build/cluster.js';
import { type ChainModel, tcpTerminal } from '../build/listener.js';
import { loadAssignment } from '../build/load-assignment.js';
import type { TlsOnDemand } from '../build/tls.js';
import type { Endpoint } from '../context/endpoint.js';
import type { MeshContext } from '../context/mesh-context.js';
import { sniOf, zoneProxyClusterName } from '../model/names.js';
import type { ProxyMetadata } from '../model/node-metadata.js';
import { extraTags, tagsKey, withoutTags } from '../model/tags.js';
import type { AnyPolicyDescriptor } from '../plugin.js';
import type { BuildMemory } from '../sidecar/build-memory.js';
import { encodeCluster, type ResourceCollector } from '../sidecar/collector.js';
import { encodeResource } from '../snapshot/encode.js';

/** What the configurations of both kinds of zone proxy are made of. */
export interface ZoneProxyInput {
  /** Contexts of all meshes of the zone. */
  readonly contexts: readonly MeshContext[];
  readonly metadata: ProxyMetadata;
  readonly adminTls?: TlsOnDemand | undefined;
  /** Of this proxy, from its earlier builds. */
  readonly memory?: BuildMemory | undefined;
  readonly plugins: readonly AnyPolicyDescriptor[];
}

export interface ForwardedService {
  readonly context: MeshContext;
  readonly service: string;
  readonly endpoints: readonly Endpoint[];
  /** Tags added to every endpoint's metadata. */
  readonly addedTags?: Tags;
  readonly plugins: readonly AnyPolicyDescriptor[];
  readonly trackRemaining?: boolean;
}

/**
 * Cluster of a service and a chain per SNI that leads to it: one for the service, one for each
 * subset that a route policy sends traffic to (contract/dataplane.md §4). TLS goes through untouched.
 */
export function addForwarding(collector: ResourceCollector, forwarded: ForwardedService): ChainModel[] {
  const { context, service, endpoints } = forwarded;
  const name = zoneProxyClusterName(context.name, service);
  const subsets = subsetsOf(forwarded);
  const cluster = edsCluster(name, 'tcp');
  if (subsets.length > 0) cluster.message.lbSubsetConfig = subsetConfig(subsets);
  if (forwarded.trackRemaining) trackRemaining(cluster);
  const options = forwarded.addedTags ? { addedTags: forwarded.addedTags } : {};
  collector.addCluster(encodeCluster(cluster, encodeResource(ClusterLoadAssignmentSchema, name, loadAssignment(name, endpoints, options))));
  collector.useClusters([name]);
  return [{}, ...subsets].map((subset) => {
    const terminal = tcpTerminal(name, [{ name, weight: 1 }]);
    if (Object.keys(subset).length > 0) {
      terminal.proxy.metadataMatch = create(TcpProxySchema, { metadataMatch: { filterMetadata: { 'envoy.lb': subset } } }).metadataMatch;
    }
    return {
      authenticated: false,
      match: { transportProtocol: 'tls' as const, serverNames: [sniOf(context.name, service, subset)] },
      terminal,
    };
  });
}

/** Tag subsets of a service that policies of its mesh refer to, without duplicates, in order. */
function subsetsOf({ context, service, plugins }: ForwardedService): Record<string, string>[] {
  const subsets = new Map<string, Record<string, string>>();
  for (const tags of destinationsOf(context, plugins)) {
    if (tags[TAG_SERVICE] !== service && tags[TAG_SERVICE] !== '*') continue;
    const subset = withoutTags(extraTags(tags), 'mesh', ...Object.keys(tags).filter((key) => tags[key] === '*'));
    if (Object.keys(subset).length > 0) subsets.set(tagsKey(subset), subset);
  }
  return [...subsets.keys()].sort().map((key) => subsets.get(key) ?? {});
}

function destinationsOf(context: MeshContext, plugins: readonly AnyPolicyDescriptor[]): readonly Tags[] {
  return context.memo('zone-proxy-destinations', () => plugins.flatMap(({ plugin }) => plugin?.destinations?.(context) ?? []));
}

function subsetConfig(subsets: readonly Record<string, string>[]) {
  const keySets = new Map(subsets.map((subset) => [Object.keys(subset).join(','), Object.keys(subset)]));
  return create(ClusterSchema, {
    lbSubsetConfig: {
      fallbackPolicy: Fallback.ANY_ENDPOINT,
      subsetSelectors: [...keySets.keys()]
        .sort()
        .map((key) => ({ keys: keySets.get(key) ?? [], fallbackPolicy: SelectorFallback.NO_FALLBACK })),
    },
  }).lbSubsetConfig;
}
