import type { JsonObject, MeshError } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';

/** Who decides what a proxy gets: implemented by the services that build snapshots. */
export interface AdsHandler {
  /**
   * A proxy opened a stream. Runs once per stream, before anything is answered.
   * @throws MeshError to end the stream with the status of its code.
   */
  connect(open: AdsOpen): Promise<AdsPeer>;
}

/** The first message of a stream, and its headers. */
export interface AdsOpen {
  readonly nodeId: string;
  readonly nodeMetadata: JsonObject;
  readonly nodeCluster: string;
  /** All values of the `authorization` header. */
  readonly authorization: readonly string[];
  readonly variant: 'sotw' | 'delta';
  /** It says what it holds from an earlier stream: most likely all it should have. */
  readonly returning: boolean;
  /** Address of the peer, for logs. */
  readonly peer: string;
  readonly stream: AdsStream;
  /** Aborts when the stream ends, also while the handler has not answered yet. */
  readonly ended?: AbortSignal;
}

/** What a handler can do with a stream, from `connect` on; without effect once the stream ended. */
export interface AdsStream {
  /** @param taken called once the snapshot was compared with what the proxy has, and what differs was sent; never once the stream ended. */
  setSnapshot(snapshot: Snapshot, taken?: () => void): void;
  close(error: MeshError): void;
}

/** A response and its answer are known by type and nonce. */
export interface AdsEvent {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly version: string;
}

/** What a handler is told about a stream. */
export interface AdsPeer {
  onSent(event: AdsEvent): void;
  onAck(event: AdsEvent): void;
  onNack(event: AdsEvent & { readonly error: string }): void;
  /** The proxy came with all of a type as it should be: nothing is sent that it could accept. */
  onHeld?(event: Pick<AdsEvent, 'typeUrl'>): void;
  /** Exactly once, however the stream ended. */
  onClosed(): void;
}
