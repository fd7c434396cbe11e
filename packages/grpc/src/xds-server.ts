import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Server as GrpcServer } from '@grpc/grpc-js';
import type { Logger } from '@mesh/core';
import { messageOf } from '@mesh/core';
import type { AdsHandler } from './ads/handler.js';
import { addAdsService } from './ads/service.js';
import { createMuxServer } from './mux/mux-server.js';
import type { TlsSettings } from './mux/tls-front.js';
import { createGrpcServer, PROXY_KEEPALIVE } from './server.js';
import { type BackDoor, openBackDoor } from './workers/back-door.js';
import type { WorkerSettings } from './workers/messages.js';
import { StreamWorkers, type WorkerCounts, type WorkerReport } from './workers/stream-workers.js';

export interface XdsServerOptions {
  readonly tls: Omit<TlsSettings, 'ticketKeys'>;
  /** Decides about ADS streams. */
  readonly handler: AdsHandler;
  /** `control_plane.identifier` of every response: the id of this instance. */
  readonly controlPlaneId: string;
  /** Serves HTTP on the same port. */
  readonly http: RequestListener;
  /** See MuxServerOptions. */
  readonly headersTimeoutMs?: number;
  /** Adds further services, which the main process serves wherever their connections are. */
  readonly addServices?: (server: GrpcServer) => void;
  /** Paths of their methods; all bidirectional. */
  readonly methods?: readonly string[];
  /** Default: no workers. */
  readonly workers?: WorkerCounts;
  readonly log: Logger;
}

/** A server for proxies. */
export interface XdsServer {
  /** Resolves with the port once it is bound; port 0 takes a free one. */
  listen(options: { readonly port: number; readonly host?: string }): Promise<number>;
  readonly workers: Pick<StreamWorkers, 'reports' | 'restarts'>;
  /** Takes nothing new, lets what runs end for at most `graceMs`, then cuts it. */
  close(graceMs: number): Promise<void>;
}

export type { WorkerCounts, WorkerReport };

/** Ticket keys of Node's TLS. */
const ticketKeyBytes = 48;

/**
 * Serves ADS and what belongs to it on one TLS port, its streams in this process or spread over workers: in either case the
 * handler runs here (docs/adr/2026-11-21-stream-workers.md).
 */
export function createXdsServer(options: XdsServerOptions): XdsServer {
  const { handler, controlPlaneId, log, http, headersTimeoutMs, methods = [], workers: counts = { max: 0, connectionsEach: 0 } } = options;
  const tls = { ...options.tls, ticketKeys: randomBytes(ticketKeyBytes) };
  const grpc = createGrpcServer(PROXY_KEEPALIVE);
  addAdsService(grpc, handler, {
    controlPlaneId,
    onError: (error) => log.error({ error: messageOf(error) }, 'an xDS stream failed'),
  });
  options.addServices?.(grpc);
  const mux = createMuxServer({ ...tls, http, headersTimeoutMs, grpc, place: (socket, served) => workers.place(socket, served) });
  let door: Promise<BackDoor> | undefined;
  const openDoor = () =>
    openBackDoor(mux.plain).catch((error: unknown) => {
      door = undefined;
      throw error;
    });
  const settings = async (): Promise<WorkerSettings> => {
    const { http: httpPath, grpc: grpcPath } = await (door ??= openDoor());
    const { cert, key } = tls;
    return { ...tls, cert: String(cert), key: String(key), controlPlaneId, forwarded: methods, http: httpPath, grpc: grpcPath };
  };
  const workers = new StreamWorkers({ counts, settings, handler, log });
  return {
    workers,
    listen: async (address) => {
      await workers.start();
      return mux.listen(address);
    },
    close: async (graceMs) => {
      await Promise.all([workers.drain(graceMs), mux.close(graceMs)]);
      const opened = await door?.catch(() => undefined);
      await opened?.close();
    },
  };
}
