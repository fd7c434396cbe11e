import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition } from '@grpc/grpc-js';
import { MeshError } from '@mesh/core';
import { DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import {
  ClustersRequestSchema,
  ClustersResponseSchema,
  StatsRequestSchema,
  StatsResponseSchema,
  XDSConfigRequestSchema,
  XDSConfigResponseSchema,
  ZoneHealthCheckRequestSchema,
  ZoneHealthCheckResponseSchema,
} from '@mesh/proto/kuma/mesh/v1alpha1/kds_pb.js';

const SYNC = '/kuma.mesh.v1alpha1.KDSSyncService';
const GLOBAL = '/kuma.mesh.v1alpha1.GlobalKDSService';

/** The methods of contract/kds.md §1. The zone dials; in `zoneToGlobal` and the admin streams the roles are inverted. */
export const kdsMethods = {
  globalToZone: patient(bidi(`${SYNC}/GlobalToZoneSync`, DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema)),
  zoneToGlobal: patient(bidi(`${SYNC}/ZoneToGlobalSync`, DeltaDiscoveryResponseSchema, DeltaDiscoveryRequestSchema)),
  healthCheck: {
    ...bidi(`${GLOBAL}/HealthCheck`, ZoneHealthCheckRequestSchema, ZoneHealthCheckResponseSchema),
    requestStream: false,
    responseStream: false,
  },
  xdsConfigs: bidi(`${GLOBAL}/StreamXDSConfigs`, XDSConfigResponseSchema, XDSConfigRequestSchema),
  stats: bidi(`${GLOBAL}/StreamStats`, StatsResponseSchema, StatsRequestSchema),
  clusters: bidi(`${GLOBAL}/StreamClusters`, ClustersResponseSchema, ClustersRequestSchema),
} as const;

/** 10 MiB each way (contract/kds.md §1). */
export const MESSAGE_BYTES_MAX = 10 * 1024 * 1024;
/** A Kuma global refuses pings that come quicker. */
export const KEEPALIVE_MS = 15_000;

/** Metadata keys a zone sends with every call. */
export const HEADER_CLIENT_ID = 'client-id';
export const HEADER_FEATURES = 'features';
export const HEADER_VERSION = 'version';

/** What a server reads in place of a message that is none. */
class Undecodable {}

/** The message read by a method of the sync. @throws MeshError `bad_request` where the bytes were no message. */
export function decoded<In>(message: In): In {
  if (message instanceof Undecodable) throw new MeshError('bad_request', { public: 'the message cannot be decoded' });
  return message;
}

/**
 * Lets the handler end a stream whose peer sends what is no message. The library would end it alone, and where
 * the handler writes at that moment, no status goes out and the stream stays open.
 */
function patient<In, Out>(method: MethodDefinition<In, Out>): MethodDefinition<In, Out> {
  return {
    ...method,
    requestDeserialize: (bytes) => {
      try {
        return method.requestDeserialize(bytes);
      } catch {
        return new Undecodable() as In;
      }
    },
  };
}

function bidi<I extends DescMessage, O extends DescMessage>(
  path: string,
  request: I,
  response: O,
): MethodDefinition<MessageShape<I>, MessageShape<O>> {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: (message) => bufferOf(toBinary(request, message)),
    requestDeserialize: (bytes) => fromBinary(request, bytes, { readUnknownFields: false }),
    responseSerialize: (message) => bufferOf(toBinary(response, message)),
    responseDeserialize: (bytes) => fromBinary(response, bytes, { readUnknownFields: false }),
  };
}

/** The same memory: an ingress of a thousand services is 100 KB for each zone it goes to. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
