import { LABEL_ZONE, type Resource, TAG_SERVICE } from '@mesh/core';
import type { DataplaneSpec, Tags } from '@mesh/resources';
import { trackRemaining } from '../build/cluster.js';
import { externalCluster, externalRefusal } from '../build/external-cluster.js';
import { egressHttp } from '../build/http.js';
import { type ChainModel, tcpTerminal } from '../build/listener.js';
import { meshDownstreamSocket } from '../build/tls.js';
import type { Endpoint } from '../context/endpoint.js';
import type { InboundInterface } from '../context/inbounds.js';
import type { MeshContext } from '../context/mesh-context.js';
import { sniOf, zoneProxyClusterName } from '../model/names.js';
import type { ProxyMetadata } from '../model/node-metadata.js';
import { commonProtocol, isHttpBased } from '../model/protocols.js';
import { type AnyPolicyDescriptor, orderPolicies, type SidecarProxy } from '../plugin.js';
import { encodeCluster, type ResourceCollector } from '../sidecar/collector.js';

export interface EgressService {
  readonly context: MeshContext;
  readonly service: string;
  /** Addresses of all ExternalServices of that service. */
  readonly endpoints: readonly Endpoint[];
  readonly metadata: ProxyMetadata;
  readonly plugins: readonly AnyPolicyDescriptor[];
  /** Name of the listener of the egress. */
  readonly listener: string;
}

/**
 * Cluster of an external service and the chain that leads to it: ends the mTLS of the mesh, lets in
 * who may, and dials (contract/dataplane.md §4). Nobody gets in until a policy says so.
 */
export function addExternalService(collector: ResourceCollector, egress: EgressService): ChainModel {
  const { context, service, endpoints, metadata } = egress;
  const name = zoneProxyClusterName(context.name, service);
  const protocol = commonProtocol(endpoints.map((endpoint) => endpoint.protocol));
  const { systemCaPath, ipv6Enabled: ipv6 } = metadata;
  const cluster = externalCluster({ name, protocol, endpoints, ipv6, systemCaPath, addedTags: { mesh: context.name } });
  trackRemaining(cluster);
  collector.addCluster(encodeCluster(cluster));
  collector.useClusters([name]);
  const refusal = externalRefusal(service, endpoints);
  const chain: ChainModel = {
    name: `${service}_${context.name}`,
    match: { transportProtocol: 'tls', serverNames: [sniOf(context.name, service, {})] },
    socket: meshDownstreamSocket(context.name),
    authenticated: true,
    terminal: isHttpBased(protocol)
      ? egressHttp({ service, cluster: name, protocol, ipv6, refusal })
      : tcpTerminal(name, [{ name, weight: 1 }]),
  };
  applyPolicies(egress, chain);
  return chain;
}

/** Policies look at the service as at a proxy whose one inbound has the tags of the service. */
function applyPolicies({ context, service, endpoints, plugins, listener }: EgressService, chain: ChainModel): void {
  const tags: Tags = { ...endpoints[0]?.tags, [TAG_SERVICE]: service };
  const inbound: InboundInterface = {
    section: '',
    address: '',
    port: 0,
    advertisedAddress: '',
    workloadAddress: '',
    workloadPort: 0,
    tags,
    service,
    protocol: endpoints[0]?.protocol ?? 'unknown',
    healthy: true,
  };
  const meta = {
    ...context.mesh.meta,
    mesh: context.name,
    name: endpoints[0]?.external?.name ?? service,
    labels: { [LABEL_ZONE]: context.zone },
  };
  const dataplane: Resource<DataplaneSpec> = { kind: 'Dataplane', meta, spec: {} };
  const proxy: SidecarProxy = { dataplane, zone: context.zone, inbounds: [inbound], isGateway: false, isExternal: true };
  for (const { plugin } of orderPolicies(plugins)) {
    plugin?.configureExternal?.(plugin.match(context, proxy), { context, inbound, listener, chain });
  }
}
