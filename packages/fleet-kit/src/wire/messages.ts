import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { NodeSchema } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { DeltaDiscoveryRequestSchema, DiscoveryRequestSchema } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { eachField, eachOf, textOf } from './fields.js';

/** Node id and metadata; sent with the first request of a stream only. */
export interface NodeIdentity {
  readonly id: string;
  readonly cluster: string;
  readonly metadata: JsonObject;
}

export interface SotwRequest {
  readonly node: NodeIdentity | undefined;
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  readonly names: readonly string[];
  /** Set for a NACK. */
  readonly error?: string;
}

export interface DeltaRequest {
  readonly node: NodeIdentity | undefined;
  readonly typeUrl: string;
  readonly nonce: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Names and versions held from an earlier stream. */
  readonly initialVersions: Readonly<Record<string, string>>;
  readonly error?: string;
}

/** A response of either variant. */
export interface XdsResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  /** SotW: version of the type. */
  readonly version: string;
  readonly resources: readonly XdsResource[];
  /** Delta only. */
  readonly removed: readonly string[];
}

export interface XdsResource {
  /** Delta only: version of this resource. */
  readonly version: string;
  readonly body: Buffer;
}

/** Bytes of `DiscoveryRequest`. */
export function encodeSotwRequest(request: SotwRequest): Uint8Array {
  return toBinary(
    DiscoveryRequestSchema,
    create(DiscoveryRequestSchema, {
      ...nodeOf(request.node),
      ...errorOf(request.error),
      typeUrl: request.typeUrl,
      versionInfo: request.version,
      responseNonce: request.nonce,
      resourceNames: [...request.names],
    }),
  );
}

/** Bytes of `DeltaDiscoveryRequest`. */
export function encodeDeltaRequest(request: DeltaRequest): Uint8Array {
  return toBinary(
    DeltaDiscoveryRequestSchema,
    create(DeltaDiscoveryRequestSchema, {
      ...nodeOf(request.node),
      ...errorOf(request.error),
      typeUrl: request.typeUrl,
      responseNonce: request.nonce,
      resourceNamesSubscribe: [...request.subscribe],
      resourceNamesUnsubscribe: [...request.unsubscribe],
      initialResourceVersions: { ...request.initialVersions },
    }),
  );
}

/** Reads `DiscoveryResponse`; bodies are views into `bytes`. @throws RangeError */
export function decodeSotwResponse(bytes: Buffer): XdsResponse {
  const resources: XdsResource[] = [];
  eachOf(bytes, 2, (any) => eachOf(any, 2, (body) => resources.push({ version: '', body })));
  return { typeUrl: textOf(bytes, 4), nonce: textOf(bytes, 5), version: textOf(bytes, 1), resources, removed: [] };
}

/** Reads `DeltaDiscoveryResponse`; bodies are views into `bytes`. @throws RangeError */
export function decodeDeltaResponse(bytes: Buffer): XdsResponse {
  const resources: XdsResource[] = [];
  const removed: string[] = [];
  eachField(bytes, (field, value) => {
    if (typeof value === 'number') return;
    if (field === 2) eachOf(value, 2, (any) => eachOf(any, 2, (body) => resources.push({ version: textOf(value, 1), body })));
    if (field === 6) removed.push(value.toString('utf8'));
  });
  return { typeUrl: textOf(bytes, 4), nonce: textOf(bytes, 5), version: textOf(bytes, 1), resources, removed };
}

function nodeOf(node: NodeIdentity | undefined) {
  return node ? { node: create(NodeSchema, { id: node.id, cluster: node.cluster, metadata: node.metadata }) } : {};
}

function errorOf(error: string | undefined) {
  return error === undefined ? {} : { errorDetail: { code: 3, message: error } };
}
