import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { JsonObject } from '@mesh/core';
import type { LbEndpointSchema } from '@mesh/proto/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { type ClusterLoadAssignment, ClusterLoadAssignmentSchema } from '@mesh/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import type { Tags } from '@mesh/resources';
import type { Endpoint } from '../context/endpoint.js';
import { extraTags, sortTags } from '../model/tags.js';
import { socketAddress } from './messages.js';

const LB_METADATA = 'envoy.lb';
const SOCKET_METADATA = 'envoy.transport_socket_match';
const LABEL_METADATA = 'io.kuma.labels';

export interface LoadAssignmentOptions {
  /** Tags added to the metadata of every endpoint (`mesh`, on a zone egress). */
  readonly addedTags?: Tags;
}

/** Endpoints of a cluster, grouped by zone and priority (contract/dataplane.md §3.6). */
export function loadAssignment(
  cluster: string,
  endpoints: readonly Endpoint[],
  options: LoadAssignmentOptions = {},
): ClusterLoadAssignment {
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const key = `${endpoint.priority}/${endpoint.zone}`;
    const group = groups.get(key);
    if (group) group.push(endpoint);
    else groups.set(key, [endpoint]);
  }
  return create(ClusterLoadAssignmentSchema, {
    clusterName: cluster,
    endpoints: [...groups.keys()].sort().map((key) => {
      const group = groups.get(key) ?? [];
      const zone = group[0]?.zone ?? '';
      return {
        ...(zone === '' ? {} : { locality: { zone } }),
        priority: group[0]?.priority ?? 0,
        lbEndpoints: group.map((endpoint) => lbEndpoint(endpoint, options.addedTags ?? {})),
      };
    }),
  });
}

function lbEndpoint(endpoint: Endpoint, addedTags: Tags): MessageInitShape<typeof LbEndpointSchema> {
  const tags = extraTags({ ...endpoint.tags, ...addedTags });
  const filterMetadata: Record<string, JsonObject> = {};
  if (Object.keys(tags).length > 0) {
    filterMetadata[LB_METADATA] = tags;
    filterMetadata[SOCKET_METADATA] = tags;
  }
  if (Object.keys(endpoint.labels).length > 0) filterMetadata[LABEL_METADATA] = sortTags(endpoint.labels);
  return {
    hostIdentifier: { case: 'endpoint', value: { address: socketAddress(endpoint.address, endpoint.port) } },
    loadBalancingWeight: endpoint.weight,
    ...(Object.keys(filterMetadata).length > 0 ? { metadata: { filterMetadata } } : {}),
  };
}
