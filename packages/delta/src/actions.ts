import type { SnapshotResource } from './snapshot.js';

/** A response to put on the stream. */
export interface SendAction {
  readonly type: 'send';
  readonly typeUrl: string;
  /** `version_info` of SotW, `system_version_info` of delta. */
  readonly version: string;
  readonly nonce: string;
  readonly resources: readonly SnapshotResource[];
  /** Delta only. */
  readonly removed: readonly string[];
}

/** The client accepted a response. */
export interface AckAction {
  readonly type: 'ack';
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
}

/** The client refused a response. */
export interface NackAction {
  readonly type: 'nack';
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  readonly error: string;
}

/** The client came with all of a type as it should be: it is as if it had accepted a response. */
export interface HeldAction {
  readonly type: 'held';
  readonly typeUrl: string;
  readonly version: string;
  /** Empty: there was no response. */
  readonly nonce: '';
}

/** What a session wants done, in order. */
export type SessionAction = SendAction | AckAction | NackAction | HeldAction;

/** The fields of a SotW DiscoveryRequest that matter to the protocol state. */
export interface SotwRequest {
  readonly typeUrl: string;
  readonly versionInfo: string;
  readonly resourceNames: readonly string[];
  readonly responseNonce: string;
  /** Text of `error_detail`; absent when the request has none. */
  readonly error?: string;
}

/** The fields of a DeltaDiscoveryRequest that matter to the protocol state. */
export interface DeltaRequest {
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initialVersions: Readonly<Record<string, string>>;
  readonly responseNonce: string;
  /** Text of `error_detail`; absent when the request has none. */
  readonly error?: string;
}
