import { type ServiceError, status } from '@grpc/grpc-js';
import { MeshError, type MeshErrorCode } from '@mesh/core';

/** What a stream hands to its session. */
export interface SyncStream<Outgoing> {
  send(message: Outgoing): void;
  /** Ends the stream with an error the peer sees. */
  fail(error: unknown): void;
}

/** One side of one stream. A throw in `onMessage` ends the stream, nothing else. */
export interface SyncSession<Incoming> {
  onMessage(message: Incoming): void;
  onEnd(): void;
}

/** How the peer of a stream is told apart; see PeerRecord. */
export interface StoreIdentity {
  readonly storeId: string | undefined;
  readonly storeRevision: number | undefined;
}

const CODES: Partial<Record<MeshErrorCode, status>> = {
  invalid: status.INVALID_ARGUMENT,
  bad_request: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  unavailable: status.UNAVAILABLE,
  too_large: status.RESOURCE_EXHAUSTED,
};

/** The gRPC status of an error; what is not meant for users is only `internal error`. */
export function statusOf(error: unknown): { readonly code: status; readonly details: string } {
  if (!MeshError.is(error)) return { code: status.INTERNAL, details: 'internal error' };
  return { code: CODES[error.code] ?? status.INTERNAL, details: error.public };
}

/** Whether a call ended because the peer does not know the method. */
export function isUnimplemented(error: unknown): boolean {
  return (error as ServiceError | undefined)?.code === status.UNIMPLEMENTED;
}
