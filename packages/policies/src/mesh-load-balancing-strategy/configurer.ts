import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  Cluster_LbPolicy,
  Cluster_LeastRequestLbConfigSchema,
  Cluster_MaglevLbConfigSchema,
  Cluster_RingHashLbConfig_HashFunction,
  Cluster_RingHashLbConfigSchema,
} from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import {
  type Route,
  type RouteAction_HashPolicy,
  RouteAction_HashPolicySchema,
} from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { type ClusterModel, durationOf, type ListenerModel, routesOf } from '@mesh/xds';
import { msOf, numberOf } from '../sdk/fields.js';
import type { BalancerConf, BalancingConf, HashPolicyConf } from './schema.js';

/** Sets the load balancer of a cluster; where the conf names none, it stays as it is. */
export function configureCluster({ message }: ClusterModel, { loadBalancer }: BalancingConf): void {
  switch (loadBalancer?.type) {
    case 'RoundRobin':
      message.lbPolicy = Cluster_LbPolicy.ROUND_ROBIN;
      message.lbConfig = { case: undefined };
      return;
    case 'Random':
      message.lbPolicy = Cluster_LbPolicy.RANDOM;
      message.lbConfig = { case: undefined };
      return;
    case 'LeastRequest':
      message.lbPolicy = Cluster_LbPolicy.LEAST_REQUEST;
      message.lbConfig = { case: 'leastRequestLbConfig', value: leastRequest(loadBalancer) };
      return;
    case 'RingHash':
      message.lbPolicy = Cluster_LbPolicy.RING_HASH;
      message.lbConfig = { case: 'ringHashLbConfig', value: ringHash(loadBalancer) };
      return;
    case 'Maglev': {
      const { tableSize } = loadBalancer.maglev ?? {};
      const value = create(Cluster_MaglevLbConfigSchema, tableSize === undefined ? {} : { tableSize: BigInt(tableSize) });
      message.lbPolicy = Cluster_LbPolicy.MAGLEV;
      message.lbConfig = { case: 'maglevLbConfig', value };
      return;
    }
    default:
  }
}

function leastRequest({ leastRequest: conf = {} }: BalancerConf) {
  const bias = numberOf(conf.activeRequestBias);
  return create(Cluster_LeastRequestLbConfigSchema, {
    ...(conf.choiceCount === undefined ? {} : { choiceCount: conf.choiceCount }),
    // Envoy wants a key under which the value can be changed while it runs.
    ...(bias === undefined ? {} : { activeRequestBias: { defaultValue: bias, runtimeKey: 'mesh.least_request.active_request_bias' } }),
  });
}

function ringHash({ ringHash: conf = {} }: BalancerConf) {
  const { XX_HASH, MURMUR_HASH_2 } = Cluster_RingHashLbConfig_HashFunction;
  return create(Cluster_RingHashLbConfigSchema, {
    hashFunction: conf.hashFunction === 'MurmurHash2' ? MURMUR_HASH_2 : XX_HASH,
    ...(conf.minRingSize === undefined ? {} : { minimumRingSize: BigInt(conf.minRingSize) }),
    ...(conf.maxRingSize === undefined ? {} : { maximumRingSize: BigInt(conf.maxRingSize) }),
  });
}

/** Says of all routes of a listener what of a request is hashed. */
export function configureListener(listener: ListenerModel, conf: BalancingConf): void {
  for (const { terminal } of listener.chains) {
    if (terminal.kind === 'http') for (const route of routesOf(terminal)) configureRoute(route, conf);
  }
}

/** The same of one route. The list stood in the settings of the load balancer before. */
export function configureRoute(route: Route, { hashPolicies, loadBalancer }: BalancingConf): void {
  const older =
    loadBalancer?.type === 'RingHash' ? loadBalancer.ringHash : loadBalancer?.type === 'Maglev' ? loadBalancer.maglev : undefined;
  const policies = hashPolicies ?? older?.hashPolicies;
  if (policies && route.action.case === 'route') route.action.value.hashPolicy = policies.flatMap(hashPolicy);
}

type Specifier = NonNullable<MessageInitShape<typeof RouteAction_HashPolicySchema>['policySpecifier']>;

function hashPolicy(conf: HashPolicyConf): RouteAction_HashPolicy[] {
  const policySpecifier = specifierOf(conf);
  return policySpecifier ? [create(RouteAction_HashPolicySchema, { policySpecifier, terminal: conf.terminal ?? false })] : [];
}

function specifierOf({ type, header, cookie, connection, queryParameter, filterState }: HashPolicyConf): Specifier | undefined {
  if (type === 'Header' && header) return { case: 'header', value: { headerName: header.name } };
  if (type === 'Cookie' && cookie) {
    const ttlMs = msOf(cookie.ttl);
    const ttl = ttlMs === undefined ? {} : { ttl: durationOf(ttlMs) };
    return { case: 'cookie', value: { name: cookie.name, path: cookie.path ?? '', ...ttl } };
  }
  if (type === 'SourceIP') return { case: 'connectionProperties', value: { sourceIp: true } };
  if (type === 'Connection' && connection) return { case: 'connectionProperties', value: { sourceIp: connection.sourceIP ?? false } };
  if (type === 'QueryParameter' && queryParameter) return { case: 'queryParameter', value: { name: queryParameter.name } };
  return type === 'FilterState' && filterState ? { case: 'filterState', value: { key: filterState.key } } : undefined;
}
