import { create } from '@bufbuild/protobuf';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';

/** `type_url` of beats: a kind that nobody subscribes to. Only peers that name FEATURE_BEATS get it. */
export const BEAT_TYPE = 'mesh.beat';

/** What a sender says of itself every few seconds on each stream (ADR trusted-sync). */
export interface Beat {
  /** Revision of the sender's state. */
  readonly revision: number;
  /** Newest revision up to which everything is answered; -1 before the first answers. */
  readonly settled: number;
  /** By kind: SetDigest of what the peer has to have, where it is not what the last beat said. */
  readonly digests: ReadonlyMap<string, string>;
}

const FORM = /^(\d{1,15}) (-1|\d{1,15})$/;

/** A beat as the response it travels in; versions carry the digests. */
export function writeBeat({ revision, settled, digests }: Beat): DeltaDiscoveryResponse {
  return create(DeltaDiscoveryResponseSchema, {
    typeUrl: BEAT_TYPE,
    systemVersionInfo: `${Math.max(0, revision)} ${settled}`,
    resources: [...digests].map(([name, version]) => ({ name, version })),
  });
}

/** Reads what `writeBeat` wrote; undefined for whatever is no beat. */
export function readBeat(response: DeltaDiscoveryResponse): Beat | undefined {
  const match = response.typeUrl === BEAT_TYPE ? FORM.exec(response.systemVersionInfo) : null;
  if (!match) return undefined;
  const digests = new Map(response.resources.map(({ name, version }) => [name, version]));
  return { revision: Number(match[1]), settled: Number(match[2]), digests };
}

/** The answer to a beat, which tells its sender that the other end reads. */
export function answerBeat(nodeId: string): DeltaDiscoveryRequest {
  return create(DeltaDiscoveryRequestSchema, { node: { id: nodeId }, typeUrl: BEAT_TYPE });
}
