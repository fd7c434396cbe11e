import { create, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { SnapshotResource } from '@mesh/delta';
import { ClusterSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import { type ClusterModel, finishCluster, staticCluster } from '../build/cluster.js';
import { finishListener, type ListenerModel } from '../build/listener.js';
import { socketAddress } from '../build/messages.js';
import type { InboundInterface } from '../context/inbounds.js';
import { isLoopback } from '../model/addresses.js';
import { inboundClusterName, inboundListenerName, sanitizeStat } from '../model/names.js';
import { hashOf } from '../snapshot/encode.js';
import { type EncodedCluster, encodeCluster, encodeListener } from './collector.js';

/** Listener and cluster of an inbound under construction. */
export interface InboundModels {
  readonly cluster: ClusterModel;
  readonly listener: ListenerModel;
}

/** The same in their encoded form. */
export interface EncodedInbound {
  readonly cluster: EncodedCluster;
  readonly listener: SnapshotResource;
}

/** Encoded listener and cluster of inbounds that differ in their address alone, without it. */
export interface InboundParts {
  readonly cluster: Uint8Array;
  readonly listener: Uint8Array;
}

/** Encodes an inbound that has nothing to share. */
export function encodeInbound({ cluster, listener }: InboundModels): EncodedInbound {
  return { cluster: encodeCluster(cluster), listener: encodeListener(listener) };
}

/**
 * What an inbound has in common with those that differ in their addresses alone; undefined where it speaks of an address elsewhere
 * than where it listens and connects: in the name of a statistic, for example.
 */
export function splitInbound({ cluster, listener }: InboundModels, inbound: InboundInterface): InboundParts | undefined {
  const finished = { cluster: finishCluster(cluster), listener: finishListener(listener) };
  finished.cluster.loadAssignment = undefined;
  finished.listener.name = '';
  finished.listener.address = undefined;
  const parts = { cluster: toBinary(ClusterSchema, finished.cluster), listener: toBinary(ListenerSchema, finished.listener) };
  return Object.values(parts).some((bytes) => speaksOf(bytes, inbound)) ? undefined : parts;
}

/** The inbound of one proxy: in protobuf a message is the same whatever the order of its fields, so its own ones are put in front. */
export function joinInbound(
  parts: InboundParts,
  { name, inbound }: { readonly name: string; readonly inbound: InboundInterface },
): EncodedInbound {
  const { address, port, workloadAddress, workloadPort, protocol } = inbound;
  const clusterName = inboundClusterName(workloadPort);
  const { loadAssignment } = staticCluster(clusterName, socketAddress(workloadAddress, workloadPort), protocol).message;
  return {
    cluster: { resource: joined(ClusterSchema, clusterName, { own: create(ClusterSchema, { loadAssignment }), rest: parts.cluster }) },
    listener: joined(ListenerSchema, name, {
      own: create(ListenerSchema, { name, address: socketAddress(address, port) }),
      rest: parts.listener,
    }),
  };
}

function joined<Desc extends DescMessage>(
  schema: Desc,
  name: string,
  { own, rest }: { readonly own: MessageShape<Desc>; readonly rest: Uint8Array },
): SnapshotResource {
  const body = Buffer.concat([toBinary(schema, own), rest]);
  return { name, version: hashOf(body), body };
}

function speaksOf(bytes: Uint8Array, { address, port, workloadAddress, advertisedAddress }: InboundInterface): boolean {
  const text = Buffer.from(bytes).toString('latin1');
  // That of a workload beside the proxy is no address of its own.
  const workload = isLoopback(workloadAddress) ? [] : [workloadAddress];
  const names = [address, advertisedAddress, inboundListenerName(address, port), ...workload];
  return names.some((each) => text.includes(each) || text.includes(sanitizeStat(each)));
}
