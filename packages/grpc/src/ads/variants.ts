import { fromBinary } from '@bufbuild/protobuf';
import { DeltaSession, type SendAction, type SessionAction, type Snapshot, SotwSession, xdsRules } from '@mesh/delta';
import type { Node } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { DeltaDiscoveryRequestSchema, DiscoveryRequestSchema } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { encodeDeltaResponse, encodeSotwResponse } from './encode.js';

/** A request, decoded; `apply` gives it to the session. */
export interface DecodedRequest {
  readonly node: Node | undefined;
  /** The client says versions that it holds. */
  readonly holds: boolean;
  readonly apply: () => SessionAction[];
}

/** What differs between the two variants of ADS. */
export interface AdsVariant {
  readonly name: 'sotw' | 'delta';
  /** Throws on bytes that are no request. */
  decode(bytes: Uint8Array): DecodedRequest;
  onSnapshot(snapshot: Snapshot): SessionAction[];
  /** Whether something is held back for an answer; `hurry` sends it all the same. */
  waiting(): boolean;
  hurry(): SessionAction[];
  encode(action: SendAction, controlPlaneId: string): Buffer;
}

/** A new stream of state-of-the-world ADS. */
export function sotwVariant(): AdsVariant {
  const session = new SotwSession(xdsRules);
  return {
    name: 'sotw',
    decode: (bytes) => {
      const { node, typeUrl, versionInfo, resourceNames, responseNonce, errorDetail } = fromBinary(DiscoveryRequestSchema, bytes);
      const error = errorDetail ? { error: errorDetail.message } : {};
      return {
        node,
        holds: versionInfo !== '',
        apply: () => session.onRequest({ typeUrl, versionInfo, resourceNames, responseNonce, ...error }),
      };
    },
    onSnapshot: (snapshot) => session.onSnapshot(snapshot),
    waiting: () => session.waiting,
    hurry: () => session.hurry(),
    encode: encodeSotwResponse,
  };
}

/** A new stream of incremental ADS. */
export function deltaVariant(): AdsVariant {
  const session = new DeltaSession(xdsRules);
  return {
    name: 'delta',
    decode: (bytes) => {
      const message = fromBinary(DeltaDiscoveryRequestSchema, bytes);
      const request = {
        typeUrl: message.typeUrl,
        subscribe: message.resourceNamesSubscribe,
        unsubscribe: message.resourceNamesUnsubscribe,
        initialVersions: message.initialResourceVersions,
        responseNonce: message.responseNonce,
        ...(message.errorDetail ? { error: message.errorDetail.message } : {}),
      };
      return {
        node: message.node,
        holds: Object.keys(message.initialResourceVersions).length > 0,
        apply: () => session.onRequest(request),
      };
    },
    onSnapshot: (snapshot) => session.onSnapshot(snapshot),
    waiting: () => session.waiting,
    hurry: () => session.hurry(),
    encode: encodeDeltaResponse,
  };
}
