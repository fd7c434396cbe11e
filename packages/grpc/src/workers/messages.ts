import type { MeshErrorCode } from '@mesh/core';
import type { AdsEvent, AdsOpen } from '../ads/handler.js';

/** Number of a stream among those of its worker. */
export type StreamId = number;
/** Number of a resource among those its worker holds. */
export type ResourceId = number;

/** One type of a snapshot: type URL, version over all, and its resources in order. */
export type TypeContent = readonly [typeUrl: string, version: string, resources: readonly ResourceId[]];

/** What an error says to the client of a stream. */
export interface CarriedError {
  readonly code: MeshErrorCode;
  readonly public: string;
}

/** What a worker is started with. */
export interface WorkerSettings {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
  readonly ciphers?: string | undefined;
  /** Of all processes of the server, so that a TLS session begun with one goes on with another. */
  readonly ticketKeys: Uint8Array;
  readonly controlPlaneId: string;
  /** Paths of Unix sockets behind which the main process serves HTTP and gRPC, without TLS. */
  readonly http: string;
  readonly grpc: string;
  /** Bidirectional gRPC methods that the main process serves itself, by path. */
  readonly forwarded: readonly string[];
}

/** What a worker uses. Times in seconds, sizes in bytes. */
export interface WorkerUsage {
  readonly connections: number;
  readonly streams: number;
  /** Resources held for the streams. */
  readonly resources: number;
  /** User and system time since the start. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Of the event loop, since it was asked before. */
  readonly loopDelayP99Seconds: number;
}

/** From the main process to a worker. */
export type ToWorker =
  | readonly ['start', WorkerSettings]
  /** The stream may be served. */
  | readonly ['admitted', StreamId]
  /** Ends a stream, admitted or not. */
  | readonly ['close', StreamId, CarriedError]
  /** A resource that snapshots name from now on. */
  | readonly ['resource', ResourceId, name: string, version: string, body: Uint8Array]
  /** No snapshot names them any more. */
  | readonly ['forget', readonly ResourceId[]]
  /** What a stream should have: types that differ from the snapshot before, and those that are gone. */
  | readonly ['snapshot', StreamId, number: number, changed: readonly TypeContent[], gone: readonly string[]]
  | readonly ['usage', question: number]
  /** Say that you live. */
  | readonly ['ping']
  /** Take nothing new, let what runs end for so long, then cut it and exit. */
  | readonly ['drain', graceMs: number];

/** From a worker to the main process. */
export type ToMain =
  | readonly ['ready']
  /** Connections handed over that have arrived, and that have ended, since the last word. */
  | readonly ['connections', arrived: number, ended: number]
  | readonly ['open', StreamId, Omit<AdsOpen, 'stream' | 'ended'>]
  | readonly ['sent', StreamId, AdsEvent]
  | readonly ['ack', StreamId, AdsEvent]
  | readonly ['held', StreamId, Pick<AdsEvent, 'typeUrl'>]
  | readonly ['nack', StreamId, AdsEvent & { readonly error: string }]
  /** The snapshot of that number was compared with what the proxy has, and what differs was sent. */
  | readonly ['taken', StreamId, number: number]
  | readonly ['closed', StreamId]
  | readonly ['usage', question: number, WorkerUsage]
  | readonly ['pong']
  /** Something was thrown that should not have been. */
  | readonly ['failed', text: string];
