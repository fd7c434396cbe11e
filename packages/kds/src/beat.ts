import { create } from '@bufbuild/protobuf';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';

/** `type_url` of beats: a kind that nobody subscribes to. Only peers that name FEATURE_BEATS get it. */
export const BEAT_TYPE = 'mesh.beat';

/** A resource that the receiver does not take, by its wire name. */
export interface Refusal {
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
}

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

/** Refused resources that an answer names. */
const REFUSED_MAX = 20;
const REASON_LENGTH_MAX = 500;

/** The answer to a beat: it tells its sender that the other end reads, and what it refuses at present. */
export function answerBeat(nodeId: string, refused: readonly Refusal[] = []): DeltaDiscoveryRequest {
  const named = refused.slice(0, REFUSED_MAX).map(({ kind, name, reason }) => [`${kind} ${name}`, reason.slice(0, REASON_LENGTH_MAX)]);
  return create(DeltaDiscoveryRequestSchema, {
    node: { id: nodeId },
    typeUrl: BEAT_TYPE,
    initialResourceVersions: Object.fromEntries(named) as Record<string, string>,
  });
}

/** Reads what `answerBeat` wrote of refused resources. */
export function readRefusals({ initialResourceVersions }: DeltaDiscoveryRequest): Refusal[] {
  return Object.entries(initialResourceVersions).map(([key, reason]) => {
    const [kind = '', name = ''] = key.split(' ', 2);
    return { kind, name, reason };
  });
}
