import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import { type DeliverySource, type Logger, messageOf } from '@mesh/core';
import { FEATURE_HASH_SUFFIX, FEATURE_ZONE_PING, HEADER_PATIENCE } from '@mesh/kds';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import type { DeliveryAsk, DeliveryReport } from '@mesh/proto/kuma/internal/v1/delivery_pb.js';
import { ZoneHealthCheckRequestSchema, type ZoneHealthCheckResponse } from '@mesh/proto/kuma/mesh/v1alpha1/kds_pb.js';
import { answerAsks, reportMethod } from '../delivery/clerk.js';
import { type KdsAddress, type KdsIdentity, parseKdsAddress } from './address.js';
import { answerClusters, answerStats, answerXdsConfig, type ProxyAdmin } from './admin-clerk.js';
import { HEADER_CLIENT_ID, HEADER_FEATURES, HEADER_VERSION, KEEPALIVE_MS, kdsMethods, MESSAGE_BYTES_MAX } from './methods.js';
import { readStoreIdentity, writeStoreIdentity } from './peer.js';
import { untilReachable } from './reach.js';
import { isUnimplemented, type StoreIdentity, type SyncSession, type SyncStream } from './session.js';

/** Kuma's own interval, where the global asks for none (contract/kds.md §5). */
const HEALTH_CHECK_MS = 5 * 60_000;
const BACKOFF_MIN_MS = 250;
/** Of a zone there are few: one that dials often costs the global little, one that waits is behind for as long. */
const BACKOFF_MAX_MS = 1_000;
/** A connection that does not come about in this time is dialled again. */
const CONNECT_MS = 10_000;
/** A run this long counts as a good one: the next failure starts over with the shortest pause. */
const STABLE_RUN_MS = 10_000;

/** What the zone does with its streams. */
export interface KdsClientHandler {
  identity(): StoreIdentity;
  /** The global's headers arrived: whose store this is. Before any message of the stream. */
  globalToZone(stream: SyncStream<DeltaDiscoveryRequest>, global: Promise<StoreIdentity>): Promise<SyncSession<DeltaDiscoveryResponse>>;
  zoneToGlobal(stream: SyncStream<DeltaDiscoveryResponse>): Promise<SyncSession<DeltaDiscoveryRequest>>;
  readonly proxyAdmin: ProxyAdmin;
  /** By which factor the global shall bear silence longer. */
  patience?(): number;
  /** What the proxies of this zone have; a Kuma global does not ask. */
  readonly deliveries?: DeliverySource;
  /** All streams of a run ended; a new run follows unless the client is stopped. */
  onDisconnected?(reason: string): void;
}

export interface KdsClientOptions {
  /** `grpcs://host:port`, or `grpc://` for plaintext. */
  readonly address: string;
  readonly zone: string;
  readonly version: string;
  /** PEM; absent: the system's roots. */
  readonly rootCa?: Buffer;
  readonly skipVerify?: boolean;
  readonly messageBytesMax?: number;
  /** The zone's token, asked for anew at every connection; empty: none is sent. Throws where it cannot be read. */
  readonly token?: () => Promise<string>;
  /** The zone's client certificate, asked for anew at every connection; undefined: none is shown. Throws where it cannot be read. */
  readonly identity?: () => Promise<KdsIdentity | undefined>;
  readonly handler: KdsClientHandler;
  readonly log: Logger;
}

/**
 * A zone's connection to its global (contract/kds.md §1): all calls on one HTTP/2 connection; where
 * one ends, all end, and a new run begins after a pause that grows from 250 ms to 1 s.
 */
export class KdsClient {
  private readonly address: KdsAddress;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  /** Throws MeshError `invalid` where the address cannot be used. */
  constructor(private readonly options: KdsClientOptions) {
    this.address = addressOf(options);
  }

  start(): void {
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    let pause = BACKOFF_MIN_MS;
    let lastReason = '';
    while (!signal.aborted) {
      const startedAt = performance.now();
      const reason = await this.run();
      if (signal.aborted) return;
      if (performance.now() - startedAt > STABLE_RUN_MS) pause = BACKOFF_MIN_MS;
      const fields = { global: this.options.address, reason };
      if (reason === lastReason) this.options.log.debug(fields, 'the global is still away');
      else this.options.log.warn(fields, 'the connection to the global ended; the zone goes on by itself');
      lastReason = reason;
      this.options.handler.onDisconnected?.(reason);
      await delay(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
      await untilReachable({ ...this.address, signal });
      pause = Math.min(pause * 2, BACKOFF_MAX_MS);
    }
  }

  /** One connection, until anything ends it; resolves with the reason. */
  private async run(): Promise<string> {
    let token: string;
    let address: KdsAddress;
    try {
      token = (await this.options.token?.()) ?? '';
      const identity = await this.options.identity?.();
      address = identity ? addressOf(this.options, identity) : this.address;
    } catch (error) {
      return messageOf(error);
    }
    const bytesMax = this.options.messageBytesMax ?? MESSAGE_BYTES_MAX;
    const client = new Client(address.target, address.credentials, {
      'grpc.max_receive_message_length': bytesMax,
      'grpc.max_send_message_length': bytesMax,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_MS,
      'grpc.keepalive_permit_without_calls': 1,
      // Channels of one process share connections and their back-off unless told otherwise.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.primary_user_agent': `kds/${this.options.version}`,
    });
    const run = new Run(client, { ...this.options, credential: token }, this.stopping.signal);
    try {
      return await run.untilEnd();
    } finally {
      run.cancel();
      client.close();
    }
  }
}

function addressOf({ address, rootCa, skipVerify = false }: KdsClientOptions, identity?: KdsIdentity): KdsAddress {
  return parseKdsAddress({ address, skipVerify, ...(rootCa ? { rootCa } : {}), ...(identity ? { identity } : {}) });
}

/** The calls of one connection. */
class Run {
  private readonly cancels = new Set<() => void>();
  private readonly ended: Promise<string>;
  private end: (reason: string) => void = () => {};
  private healthTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: Client,
    private readonly options: KdsClientOptions & { readonly credential: string },
    signal: AbortSignal,
  ) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    const onAbort = (): void => this.end('stopped');
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.cancels.add(() => signal.removeEventListener('abort', onAbort));
  }

  untilEnd(): Promise<string> {
    const { handler } = this.options;
    this.client.waitForReady(Date.now() + CONNECT_MS, (error) => void (error && this.end(`no connection within ${CONNECT_MS / 1000} s`)));
    this.openSync(kdsMethods.globalToZone, (stream, global) => handler.globalToZone(stream, global));
    this.openSync(kdsMethods.zoneToGlobal, (stream) => handler.zoneToGlobal(stream));
    this.openAdmin(kdsMethods.xdsConfigs, answerXdsConfig);
    this.openAdmin(kdsMethods.stats, answerStats);
    this.openAdmin(kdsMethods.clusters, answerClusters);
    if (handler.deliveries) this.reportDeliveries(handler.deliveries);
    this.healthCheck();
    return this.ended;
  }

  cancel(): void {
    clearTimeout(this.healthTimer);
    for (const cancel of this.cancels) cancel();
  }

  private openSync<Out, In>(
    method: MethodDefinition<Out, In>,
    open: (stream: SyncStream<Out>, global: Promise<StoreIdentity>) => Promise<SyncSession<In>>,
  ): void {
    const call = this.call(method);
    const global = new Promise<StoreIdentity>((resolve) => call.once('metadata', (headers) => resolve(readStoreIdentity(headers))));
    let session: SyncSession<In> | undefined;
    let over = false;
    const finish = (reason: string): void => {
      if (!over) session?.onEnd();
      over = true;
      this.end(reason);
    };
    const fail = (error: unknown): void => {
      call.cancel();
      finish(messageOf(error));
    };
    call.on('error', (error) => finish(error.message));
    call.on('end', () => finish('the global closed the stream'));
    this.cancels.add(() => finish('cancelled'));
    open({ send: (message) => void (over || call.write(message)), fail }, global).then((opened) => {
      if (over) return opened.onEnd();
      session = opened;
      call.on('data', (message: In) => {
        try {
          opened.onMessage(message);
        } catch (error) {
          fail(error);
        }
      });
    }, fail);
  }

  /** A global without the method (an old Kuma, a proxy) is no reason to end the run. */
  private openAdmin<Out, In>(
    method: MethodDefinition<Out, In>,
    answer: (request: In, admin: ProxyAdmin) => Promise<Out | undefined>,
  ): void {
    const call = this.call(method);
    let over = false;
    const finish = (reason: string): void => {
      over = true;
      this.end(reason);
    };
    call.on('error', (error) => (isUnimplemented(error) ? (over = true) : finish(error.message)));
    call.on('end', () => {
      // The status follows the end; an error decides there.
      over = true;
    });
    call.on('status', (status) => {
      if (status.code === 0) finish('the global closed an admin stream');
    });
    call.on('data', (request: In) => {
      answer(request, this.options.handler.proxyAdmin).then(
        (response) => void (over || response === undefined || call.write(response)),
        (error: unknown) => this.options.log.error({ err: messageOf(error) }, 'an admin request of the global failed'),
      );
    });
  }

  /** Where this stream ends, only the global's questions end with it: a Kuma global does not know the method. */
  private reportDeliveries(source: DeliverySource): void {
    const over = new AbortController();
    const call = this.call(reportMethod) as ClientDuplexStream<DeliveryReport, DeliveryAsk>;
    call.on('error', (error) => {
      over.abort();
      if (!isUnimplemented(error)) this.end(error.message);
    });
    call.on('end', () => over.abort());
    this.cancels.add(() => over.abort());
    answerAsks(call, source, over.signal);
  }

  private call<Out, In>(method: MethodDefinition<Out, In>): ClientDuplexStream<Out, In> {
    const { path, requestSerialize, responseDeserialize } = method;
    const call = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, this.headers());
    this.cancels.add(() => call.cancel());
    return call;
  }

  private healthCheck(): void {
    const { path, requestSerialize, responseDeserialize } = kdsMethods.healthCheck;
    const request = create(ZoneHealthCheckRequestSchema);
    const done = (error: unknown, response?: ZoneHealthCheckResponse): void => {
      this.cancels.delete(cancel);
      if (isUnimplemented(error)) return;
      if (error) {
        this.end(`health check: ${messageOf(error)}`);
        return;
      }
      const ms = Number(response?.interval?.seconds ?? 0n) * 1000 + (response?.interval?.nanos ?? 0) / 1e6;
      this.healthTimer = setTimeout(() => this.healthCheck(), ms > 0 ? ms : HEALTH_CHECK_MS);
    };
    const call = this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, this.headers(), done);
    const cancel = (): void => call.cancel();
    this.cancels.add(cancel);
  }

  private headers(): Metadata {
    const { zone, version, handler, credential } = this.options;
    const headers = new Metadata();
    if (credential !== '') headers.set('authorization', `Bearer ${credential}`);
    headers.set(HEADER_CLIENT_ID, zone);
    headers.set(HEADER_VERSION, version);
    headers.set('kds-version', 'v3');
    // Two fields: a Kuma global does not split commas.
    headers.add(HEADER_FEATURES, FEATURE_ZONE_PING);
    headers.add(HEADER_FEATURES, FEATURE_HASH_SUFFIX);
    const patience = handler.patience?.() ?? 1;
    if (patience > 1) headers.set(HEADER_PATIENCE, String(patience));
    writeStoreIdentity(headers, handler.identity());
    return headers;
  }
}
