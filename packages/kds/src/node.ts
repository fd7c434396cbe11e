import type { MessageInitShape } from '@bufbuild/protobuf';
import type { JsonObject } from '@mesh/core';
import { type Node, NodeSchema } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { NODE_FEATURES } from './kinds.js';

/** Build facts of a control plane, as `node.metadata.version.kumaCp` carries them. */
export interface CpVersion {
  readonly version: string;
  readonly gitTag: string;
  readonly gitCommit: string;
  readonly buildDate: string;
}

/** What the first request of a stream says about its sender. Claims, not facts: the zone is known from the stream. */
export interface PeerNode {
  readonly id: string;
  readonly instanceId: string;
  readonly features: ReadonlySet<string>;
  /** Configuration of the sender as JSON text; empty on a global. */
  readonly config: string;
  readonly version: CpVersion;
}

/** `node` of a first request (contract/kds.md §2). Later requests carry the id alone. */
export function describeNode(self: Omit<PeerNode, 'features'>): MessageInitShape<typeof NodeSchema> {
  const { version, gitTag, gitCommit, buildDate } = self.version;
  return {
    id: self.id,
    metadata: {
      version: { kumaCp: { version, gitTag, gitCommit, buildDate } },
      config: self.config,
      'control-plane-id': self.instanceId,
      features: [...NODE_FEATURES],
    },
  };
}

/** Reads a peer's node; whatever is missing or of another type is taken as empty. */
export function readNode(node: Node): PeerNode {
  const metadata = (node.metadata ?? {}) as JsonObject;
  const version = asObject(asObject(metadata['version'])['kumaCp']);
  const features = metadata['features'];
  return {
    id: node.id,
    instanceId: asText(metadata['control-plane-id']),
    features: new Set(Array.isArray(features) ? features.filter((f): f is string => typeof f === 'string') : []),
    config: asText(metadata['config']),
    version: {
      version: asText(version['version']),
      gitTag: asText(version['gitTag']),
      gitCommit: asText(version['gitCommit']),
      buildDate: asText(version['buildDate']),
    },
  };
}

function asObject(value: unknown): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : {};
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
