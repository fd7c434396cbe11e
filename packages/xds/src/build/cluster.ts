import { create } from '@bufbuild/protobuf';
import { packAny } from '@mesh/proto';
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  Cluster_LbPolicy,
  Cluster_RingHashLbConfig_HashFunction,
  ClusterSchema,
} from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { Address } from '@mesh/proto/envoy/config/core/v3/address_pb.js';
import { HttpProtocolOptionsSchema as CommonHttpOptionsSchema } from '@mesh/proto/envoy/config/core/v3/protocol_pb.js';
import {
  type HttpProtocolOptions,
  HttpProtocolOptionsSchema,
} from '@mesh/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { sanitizeStat } from '../model/names.js';
import type { Protocol } from '../model/protocols.js';
import type { LoadBalancer } from '../model/routes.js';
import { adsSource, durationOf } from './messages.js';

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const CONNECT_TIMEOUT_MS = 5_000;

/** A cluster under construction; its HTTP options stay unpacked so that policies can edit them. */
export interface ClusterModel {
  readonly message: Cluster;
  /** What the endpoints speak. */
  readonly protocol: Protocol;
  httpOptions?: HttpProtocolOptions;
}

/** A cluster whose endpoints come over EDS. */
export function edsCluster(name: string, protocol: Protocol): ClusterModel {
  const message = baseCluster(name);
  message.clusterDiscoveryType = { case: 'type', value: Cluster_DiscoveryType.EDS };
  message.edsClusterConfig = create(ClusterSchema, { edsClusterConfig: { edsConfig: adsSource() } }).edsClusterConfig;
  return { message, protocol };
}

/** A cluster of one fixed address. */
export function staticCluster(name: string, address: Address, protocol: Protocol): ClusterModel {
  const message = baseCluster(name);
  message.clusterDiscoveryType = { case: 'type', value: Cluster_DiscoveryType.STATIC };
  message.loadAssignment = create(ClusterSchema, {
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: { address } } }] }],
    },
  }).loadAssignment;
  return { message, protocol };
}

/** A cluster that connects to where the client wanted to go. */
export function originalDestinationCluster(name: string, bindAddress: string | undefined): ClusterModel {
  const message = baseCluster(name);
  message.clusterDiscoveryType = { case: 'type', value: Cluster_DiscoveryType.ORIGINAL_DST };
  message.lbPolicy = Cluster_LbPolicy.CLUSTER_PROVIDED;
  const model: ClusterModel = { message, protocol: 'tcp' };
  if (bindAddress !== undefined) bindFrom(model, bindAddress);
  return model;
}

/** Makes connections of the cluster come from an address, which transparent proxying does not intercept. */
export function bindFrom(model: ClusterModel, address: string): void {
  model.message.upstreamBindConfig = create(ClusterSchema, {
    upstreamBindConfig: { sourceAddress: { address, portSpecifier: { case: 'portValue', value: 0 } } },
  }).upstreamBindConfig;
}

/** Turns the cluster into one that resolves host names itself. */
export function resolveByDns(cluster: Cluster, ipv6: boolean): void {
  cluster.clusterDiscoveryType = { case: 'type', value: Cluster_DiscoveryType.STRICT_DNS };
  cluster.dnsLookupFamily = ipv6 ? Cluster_DnsLookupFamily.AUTO : Cluster_DnsLookupFamily.V4_ONLY;
}

/** Fixes the HTTP version spoken to the endpoints. */
export function setHttpVersion(model: ClusterModel, version: 'http1' | 'http2'): void {
  model.httpOptions = create(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: 'explicitHttpConfig',
      value: {
        protocolConfig: version === 'http1' ? { case: 'httpProtocolOptions', value: {} } : { case: 'http2ProtocolOptions', value: {} },
      },
    },
  });
}

/** Sets what closes idle or long-lived upstream connections; undefined leaves a part as it is. */
export function setUpstreamTimeouts(
  model: ClusterModel,
  timeouts: { readonly idleMs?: number; readonly maxConnectionMs?: number; readonly maxStreamMs?: number },
): void {
  if (!model.httpOptions) return;
  const common = model.httpOptions.commonHttpProtocolOptions ?? create(CommonHttpOptionsSchema);
  if (timeouts.idleMs !== undefined) common.idleTimeout = durationOf(timeouts.idleMs);
  if (timeouts.maxConnectionMs !== undefined) common.maxConnectionDuration = durationOf(timeouts.maxConnectionMs);
  if (timeouts.maxStreamMs !== undefined) common.maxStreamDuration = durationOf(timeouts.maxStreamMs);
  model.httpOptions.commonHttpProtocolOptions = common;
}

/** Applies the load balancer a route policy asks for; round robin is Envoy's default. */
export function setLoadBalancer(cluster: Cluster, balancer: LoadBalancer): void {
  if (balancer.type === 'random') cluster.lbPolicy = Cluster_LbPolicy.RANDOM;
  else if (balancer.type === 'maglev') cluster.lbPolicy = Cluster_LbPolicy.MAGLEV;
  else if (balancer.type === 'leastRequest') {
    cluster.lbPolicy = Cluster_LbPolicy.LEAST_REQUEST;
    cluster.lbConfig = create(ClusterSchema, {
      lbConfig: { case: 'leastRequestLbConfig', value: { choiceCount: balancer.choiceCount } },
    }).lbConfig;
  } else if (balancer.type === 'ringHash') {
    const hashFunction = Cluster_RingHashLbConfig_HashFunction[balancer.hashFunction];
    cluster.lbPolicy = Cluster_LbPolicy.RING_HASH;
    cluster.lbConfig = create(ClusterSchema, {
      lbConfig: {
        case: 'ringHashLbConfig',
        value: {
          hashFunction,
          ...(balancer.minRingSize === undefined ? {} : { minimumRingSize: BigInt(balancer.minRingSize) }),
          ...(balancer.maxRingSize === undefined ? {} : { maximumRingSize: BigInt(balancer.maxRingSize) }),
        },
      },
    }).lbConfig;
  }
}

/** Makes Envoy count what its circuit breakers have left. */
export function trackRemaining(model: ClusterModel): void {
  model.message.circuitBreakers = create(ClusterSchema, { circuitBreakers: { thresholds: [{ trackRemaining: true }] } }).circuitBreakers;
}

/** Packs the HTTP options and gives the finished message. */
export function finishCluster(model: ClusterModel): Cluster {
  if (model.httpOptions)
    model.message.typedExtensionProtocolOptions = { [HTTP_OPTIONS]: packAny(HttpProtocolOptionsSchema, model.httpOptions) };
  return model.message;
}

function baseCluster(name: string): Cluster {
  const stat = sanitizeStat(name);
  return create(ClusterSchema, { name, altStatName: stat === name ? '' : stat, connectTimeout: durationOf(CONNECT_TIMEOUT_MS) });
}
