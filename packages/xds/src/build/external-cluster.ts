import { create } from '@bufbuild/protobuf';
import { Cluster_DiscoveryType, ClusterSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { TransportSocket } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import type { Tags } from '@mesh/resources';
import type { Endpoint } from '../context/endpoint.js';
import { isIp } from '../model/addresses.js';
import { isHttpBased, type Protocol } from '../model/protocols.js';
import { type ClusterModel, edsCluster, resolveByDns, setHttpVersion } from './cluster.js';
import { loadAssignment } from './load-assignment.js';
import { externalUpstreamSocket } from './tls.js';

/** Envoy limits the body of a response of its own. */
const REFUSAL_CHARACTERS_MAX = 1000;

/** Tag that tells endpoints of one service apart whose TLS differs. */
const TAG_EXTERNAL_SERVICE = 'kuma.io/external-service-name';

export interface ExternalClusterOptions {
  readonly name: string;
  readonly protocol: Protocol;
  readonly endpoints: readonly Endpoint[];
  readonly ipv6: boolean;
  /** Where the proxy finds the roots its system trusts. */
  readonly systemCaPath: string;
  /** Tags added to the metadata of every endpoint. */
  readonly addedTags?: Tags;
}

/**
 * A cluster of the addresses of ExternalServices that share a service, dialled by this proxy itself
 * (contract/dataplane.md §3.6). Those that must not be dialled are left out.
 */
export function externalCluster(options: ExternalClusterOptions): ClusterModel {
  const { name, protocol, ipv6, addedTags } = options;
  const dialled = options.endpoints.filter((endpoint) => endpoint.external?.problem === undefined);
  const sockets = socketsOf(dialled, options.systemCaPath);
  const distinct = new Set(dialled.map(socketKey)).size > 1;
  const endpoints = distinct
    ? dialled.map((endpoint) => ({ ...endpoint, tags: { ...endpoint.tags, [TAG_EXTERNAL_SERVICE]: endpoint.external?.name ?? '' } }))
    : dialled;
  const model = edsCluster(name, protocol);
  model.message.edsClusterConfig = undefined;
  model.message.loadAssignment = loadAssignment(name, endpoints, addedTags ? { addedTags } : {});
  if (endpoints.every((endpoint) => isIp(endpoint.address))) {
    model.message.clusterDiscoveryType = { case: 'type', value: Cluster_DiscoveryType.STATIC };
  } else resolveByDns(model.message, ipv6);
  if (isHttpBased(protocol)) setHttpVersion(model, protocol === 'http' ? 'http1' : 'http2');
  const [only] = sockets.values();
  if (!distinct && only) model.message.transportSocket = only;
  else if (distinct) model.message.transportSocketMatches = socketMatches(sockets);
  return model;
}

/** Why none of the endpoints of an external service may be dialled; undefined where some may. */
export function externalRefusal(service: string, endpoints: readonly Endpoint[]): string | undefined {
  const problems = endpoints.map(({ external }) => external?.problem && `${external.name}: ${external.problem}`);
  if (endpoints.length === 0 || problems.some((problem) => problem === undefined)) return undefined;
  return `service "${service}" cannot be dialled: ${[...new Set(problems)].join(', ')}\n`.slice(0, REFUSAL_CHARACTERS_MAX);
}

/** Sockets by name of the ExternalService; those without TLS have none. */
function socketsOf(endpoints: readonly Endpoint[], systemCaPath: string): Map<string, TransportSocket> {
  const sockets = new Map<string, TransportSocket>();
  for (const { external } of endpoints) {
    if (external?.tls) sockets.set(external.name, externalUpstreamSocket({ ...external.tls, systemCaPath }));
  }
  return sockets;
}

function socketKey({ external }: Endpoint): string {
  return JSON.stringify(external?.tls ?? null);
}

/** Endpoints that no entry matches are dialled without TLS. */
function socketMatches(sockets: ReadonlyMap<string, TransportSocket>) {
  return create(ClusterSchema, {
    transportSocketMatches: [...sockets].map(([name, transportSocket]) => ({
      name,
      match: { [TAG_EXTERNAL_SERVICE]: name },
      transportSocket,
    })),
  }).transportSocketMatches;
}
