import type { SecureVersion } from 'node:tls';
import { create } from '@bufbuild/protobuf';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type DeliverySource, type Logger, MeshError, messageOf, type ProxyAdminRequest } from '@mesh/core';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import {
  type ZoneHealthCheckRequest,
  type ZoneHealthCheckResponse,
  ZoneHealthCheckResponseSchema,
} from '@mesh/proto/kuma/mesh/v1alpha1/kds_pb.js';
import { reportMethod } from '../delivery/clerk.js';
import { type ReportCall, ReportedDeliveries } from '../delivery/desk.js';
import { type AdminCall, AdminDesk } from './admin-desk.js';
import { decoded, KEEPALIVE_MS, kdsMethods, MESSAGE_BYTES_MAX } from './methods.js';
import { type PeerCall, readPeer, writeStoreIdentity, type ZonePeer } from './peer.js';
import { type StoreIdentity, type SyncSession, type SyncStream, statusOf } from './session.js';

/** A stop does not wait longer than this for streams it has ended, in ms. */
const ENDED_WITHIN_MS = 2_000;

/** What the global does with its zones' calls. */
export interface KdsServerHandler {
  /** Identity of the global's store, for the headers of every stream. */
  identity(): StoreIdentity;
  /**
   * Lets a call in or throws `unauthenticated`; what it returns is released when the call ends. `end`
   * ends the call once its credential is no longer good. Absent: zones are who they say they are.
   */
  admit?(peer: ZonePeer, end: (error: MeshError) => void): Promise<{ release(): void }>;
  globalToZone(stream: SyncStream<DeltaDiscoveryResponse>, peer: ZonePeer): Promise<SyncSession<DeltaDiscoveryRequest>>;
  zoneToGlobal(stream: SyncStream<DeltaDiscoveryRequest>, peer: ZonePeer): Promise<SyncSession<DeltaDiscoveryResponse>>;
  /** Notes a sign of life; returns the interval of the next in ms, 0 for the zone's own choice. */
  healthCheck(peer: ZonePeer): Promise<number>;
  /** The zone can be asked what its proxies have; returns what to do when it no longer can. */
  deliveriesReported?(peer: ZonePeer, source: DeliverySource): () => void;
  /** A stream of the zone opened on this instance; returns what to do when it ends. */
  streamOpened?(name: KdsStreamName, peer: ZonePeer): () => void;
}

/** Names of `ZoneInsight.kdsStreams`. */
export type KdsStreamName = 'globalToZone' | 'zoneToGlobal' | 'configDump' | 'stats' | 'clusters';

/** TLS of a server of zones, in PEM. */
export interface KdsServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** CAs of client certificates, which zones are asked for but need not show; absent: none are asked for. */
  readonly clientCa?: Buffer;
  /** Bounds of the versions spoken, and ciphers as OpenSSL names them; absent: those of Node. */
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  readonly ciphers?: string;
}

export interface KdsServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** PEM; absent: plaintext. */
  readonly tls?: KdsServerTls;
  readonly messageBytesMax?: number;
  /** End the older stream where a zone opens a second one of the same name (`zoneHealthCheck.closeStaleConn`). */
  readonly closeStale?: boolean;
  readonly handler: KdsServerHandler;
  readonly log: Logger;
}

/** The global's KDS server (contract/kds.md §1, §4): both services on one TLS port. */
export class KdsServer {
  private readonly server: Server;
  private readonly desk: AdminDesk;
  private readonly calls = new Map<string, Set<(error: MeshError) => void>>();
  private emptied: () => void = () => {};
  /** The newest stream by zone and name. */
  private readonly newest = new Map<string, (error: MeshError) => void>();

  constructor(private readonly options: KdsServerOptions) {
    const bytesMax = options.messageBytesMax ?? MESSAGE_BYTES_MAX;
    this.desk = new AdminDesk();
    this.server = new Server({
      'grpc.max_receive_message_length': bytesMax,
      'grpc.max_send_message_length': bytesMax,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_MS,
      'grpc.max_concurrent_streams': 1_000_000,
    });
    const { healthCheck, globalToZone, zoneToGlobal, xdsConfigs, stats, clusters } = kdsMethods;
    const implementation: UntypedServiceImplementation = {
      globalToZone: this.sync('globalToZone', options.handler.globalToZone.bind(options.handler)),
      zoneToGlobal: this.sync('zoneToGlobal', options.handler.zoneToGlobal.bind(options.handler)),
      healthCheck: (call: ServerUnaryCall<ZoneHealthCheckRequest, ZoneHealthCheckResponse>, done: sendUnaryData<ZoneHealthCheckResponse>) =>
        void this.onHealthCheck(call, done),
      xdsConfigs: this.admin('configDump', 'xds'),
      stats: this.admin('stats', 'stats'),
      clusters: this.admin('clusters', 'clusters'),
      report: (call: ReportCall) => void this.takeReports(call),
    };
    const methods = { healthCheck, globalToZone, zoneToGlobal, xdsConfigs, stats, clusters, report: reportMethod };
    this.server.addService(methods, implementation);
  }

  /** Binds the port and returns it. */
  start(): Promise<number> {
    const { host, port, tls } = this.options;
    const credentials = tls ? new KdsCredentials(tls) : ServerCredentials.createInsecure();
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`${host.includes(':') ? `[${host}]` : host}:${port}`, credentials, (error, bound) => {
        if (error) reject(new MeshError('unavailable', { public: `KDS cannot listen on ${host}:${port}: ${error.message}`, cause: error }));
        else resolve(bound);
      });
    });
  }

  /** Ends all streams and closes the port; resolves when the sessions of the streams know that they ended. */
  async stop(): Promise<void> {
    // Destroying a session from within its own teardown never returns: leave the present turn of the loop first.
    await new Promise((resolve) => setImmediate(resolve));
    this.server.forceShutdown();
    if (this.calls.size === 0) return;
    await new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, ENDED_WITHIN_MS);
      this.emptied = () => {
        clearTimeout(patience);
        resolve();
      };
    });
  }

  /** Ends all streams of a zone. */
  disconnect(zone: string, reason: string): void {
    for (const end of [...(this.calls.get(zone) ?? [])]) end(new MeshError('unavailable', { public: reason }));
  }

  /** Whether the zone has an admin stream of that sort to this instance. */
  hasAdminStream(zone: string, what: ProxyAdminRequest['what']): boolean {
    return this.desk.has(zone, what);
  }

  /** Asks a zone for the admin output of one of its proxies; `name` is the name within the zone. */
  adminRequest(zone: string, request: ProxyAdminRequest): Promise<Uint8Array> {
    return this.desk.request(zone, request);
  }

  private sync<In, Out>(name: KdsStreamName, open: (stream: SyncStream<Out>, peer: ZonePeer) => Promise<SyncSession<In>>) {
    return async (call: ServerDuplexStream<In, Out>): Promise<void> => {
      const accepted = await this.accept(call, name);
      if (!accepted) return;
      const { peer, end } = accepted;
      const stream: SyncStream<Out> = { send: (message) => void (call.writable && call.write(message)), fail: end };
      open(stream, peer).then((session) => {
        // Messages wait in the call until there is a session to take them.
        onEnd(call, () => session.onEnd());
        if (call.cancelled || call.destroyed) return;
        call.on('data', (message: In) => guarded(() => session.onMessage(decoded(message)), end));
        onEnd(call, this.options.handler.streamOpened?.(name, peer) ?? (() => {}));
      }, end);
    };
  }

  private admin(name: KdsStreamName, what: ProxyAdminRequest['what']) {
    return async (call: AdminCall): Promise<void> => {
      const accepted = await this.accept(call, name);
      if (!accepted) return;
      const leave = this.desk.join(accepted.peer.zone, what, call);
      onEnd(call, leave);
      onEnd(call, this.options.handler.streamOpened?.(name, accepted.peer) ?? (() => {}));
    };
  }

  private async takeReports(call: ReportCall): Promise<void> {
    const accepted = await this.accept(call, 'deliveries');
    if (!accepted) return;
    const leave = this.options.handler.deliveriesReported?.(accepted.peer, new ReportedDeliveries(call, accepted.end));
    if (leave) onEnd(call, leave);
  }

  /** Reads the peer, lets it in, sends headers, keeps the call in the zone's list until it ends. */
  private async accept<In, Out>(
    call: ServerDuplexStream<In, Out>,
    name: KdsStreamName | 'deliveries',
  ): Promise<{ peer: ZonePeer; end: (error: unknown) => void } | undefined> {
    const end = (error: unknown): void => {
      if (!MeshError.is(error)) this.options.log.error({ err: messageOf(error) }, 'a KDS stream failed');
      if (!call.destroyed) call.emit('error', statusOf(error));
    };
    call.on('error', () => {});
    try {
      const peer = readPeer(call);
      const admission = await this.options.handler.admit?.(peer, end);
      if (admission) onEnd(call, () => admission.release());
      if (call.cancelled || call.destroyed) return undefined;
      this.welcome(call, { peer, name, end });
      return { peer, end };
    } catch (error) {
      // All streams of a zone fail alike: one of them tells.
      if ((MeshError.is(error, 'unauthenticated') || MeshError.is(error, 'forbidden')) && name === 'globalToZone') {
        this.options.log.warn({ zone: readPeer(call).zone, reason: error.public }, 'a zone was refused');
      }
      end(error);
      return undefined;
    }
  }

  private welcome<In, Out>(
    call: ServerDuplexStream<In, Out>,
    { peer, name, end }: { peer: ZonePeer; name: string; end: (error: unknown) => void },
  ): void {
    const headers = new Metadata();
    writeStoreIdentity(headers, this.options.handler.identity());
    call.sendMetadata(headers);
    this.replaceStale(`${peer.zone}/${name}`, end, call);
    const ofZone = this.calls.get(peer.zone) ?? new Set();
    this.calls.set(peer.zone, ofZone.add(end));
    onEnd(call, () => {
      ofZone.delete(end);
      if (ofZone.size === 0 && this.calls.get(peer.zone) === ofZone) this.calls.delete(peer.zone);
      if (this.calls.size === 0) this.emptied();
    });
    call.on('end', () => call.end());
  }

  private replaceStale<In, Out>(key: string, end: (error: MeshError) => void, call: ServerDuplexStream<In, Out>): void {
    const older = this.newest.get(key);
    this.newest.set(key, end);
    onEnd(call, () => {
      if (this.newest.get(key) === end) this.newest.delete(key);
    });
    if (this.options.closeStale) older?.(new MeshError('unavailable', { public: 'the zone opened a newer stream' }));
  }

  private async onHealthCheck(call: PeerCall, done: sendUnaryData<ZoneHealthCheckResponse>): Promise<void> {
    try {
      const peer = readPeer(call);
      (await this.options.handler.admit?.(peer, () => {}))?.release();
      const ms = await this.options.handler.healthCheck(peer);
      const interval = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
      done(null, create(ZoneHealthCheckResponseSchema, { interval }));
    } catch (error) {
      done(statusOf(error));
    }
  }
}

/** Those of the library take no bounds, and none of them asks for certificates without insisting; who is let in is decided per call, with a reason. */
class KdsCredentials extends ServerCredentials {
  constructor({ cert, key, clientCa, ...bounds }: KdsServerTls) {
    super(
      { requestCert: clientCa !== undefined, rejectUnauthorized: false },
      { cert, key, ...(clientCa ? { ca: clientCa } : {}), ...bounds },
    );
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function guarded(work: () => void, fail: (error: unknown) => void): void {
  try {
    work();
  } catch (error) {
    fail(error);
  }
}

/** Runs once, whichever way a call ends. */
function onEnd<In, Out>(call: ServerDuplexStream<In, Out>, done: () => void): void {
  let over = false;
  const once = (): void => {
    if (over) return;
    over = true;
    done();
  };
  if (call.cancelled || call.destroyed) {
    once();
    return;
  }
  call.once('cancelled', once);
  call.once('close', once);
  call.once('error', once);
  call.once('end', once);
}
