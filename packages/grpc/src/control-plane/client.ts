import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  type Announcement,
  type AuditQuery,
  type AuditRecord,
  type AuditRequest,
  type ControlPlane,
  type ControlPlaneInfo,
  type Convergence,
  type ConvergenceRequest,
  type DeleteRequest,
  type DeleteResult,
  type DeliverySource,
  MeshError,
  type ProxyAdminRequest,
  type PutRequest,
  type PutResult,
  type Resource,
  ResourceView,
  type TimedAuditEntry,
  type TokenRequest,
  tracing,
} from '@mesh/core';
import { ControlPlaneService, type FollowEvent } from '@mesh/proto/kuma/internal/v1/control_plane_pb.js';
import type { DeliveryAsk, DeliveryReport } from '@mesh/proto/kuma/internal/v1/delivery_pb.js';
import { methodDefinitionOf } from '../definition.js';
import { answerAsks, reportMethod } from '../delivery/clerk.js';
import { fromStatus } from '../status.js';
import { fromJsonBytes, readBatch, toJsonBytes } from './codec.js';
import { retryUntilAborted } from './retry.js';
import { TRACE_KEY } from './trace-key.js';
import { WriteStream } from './write-stream.js';

const { method } = ControlPlaneService;
/** A configuration dump of a big proxy fits. */
const messageBytesMax = 64 * 1024 * 1024;
const keepaliveMs = 15_000;
const callTimeoutMs = 15_000;

export interface GrpcControlPlaneOptions {
  /** `host:port` of the control plane. */
  readonly address: string;
  /** From `internalCredentials`. */
  readonly credentials: ChannelCredentials;
  /** Name in the server's certificate where it is not the host of `address`. */
  readonly serverName?: string;
  /** Kinds to follow; none means all. */
  readonly kinds?: readonly string[];
  /** Whether the view is being fed; the error says why not. */
  readonly onConnection?: (connected: boolean, error?: MeshError) => void;
  /** Receives what a listener of the view threw. */
  readonly onListenerError?: (error: unknown) => void;
}

/**
 * The control plane of this deployment, over the internal gRPC interface. The view is fed by a
 * stream that is opened again whenever it ends; what it holds stays readable meanwhile, and a new
 * stream only changes what differs.
 */
export class GrpcControlPlane implements ControlPlane {
  readonly view: ResourceView;
  private readonly client: Client;
  private readonly writes: WriteStream;
  private readonly closing = new AbortController();
  private following: Promise<void> | undefined;

  constructor(private readonly options: GrpcControlPlaneOptions) {
    const { serverName } = options;
    this.view = new ResourceView(options.onListenerError);
    this.client = new Client(options.address, options.credentials, {
      'grpc.keepalive_time_ms': keepaliveMs,
      'grpc.keepalive_timeout_ms': keepaliveMs,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.max_send_message_length': messageBytesMax,
      ...(serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }),
    });
    this.writes = new WriteStream(this.client, callTimeoutMs);
  }

  /** Starts to follow; resolves when the view is complete for the first time. Throws `unavailable` when the signal aborts first. */
  async start(signal?: AbortSignal): Promise<void> {
    this.following ??= retryUntilAborted((succeeded) => this.follow(succeeded), this.closing.signal);
    await this.view.waitFor(0, signal);
  }

  /** Ends the stream and the connection; the view stays as it is. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.following;
    this.writes.close();
    this.client.close();
  }

  async info(): Promise<ControlPlaneInfo> {
    return fromJsonBytes((await this.call(method.info, {})).info);
  }

  async config(): Promise<string> {
    return (await this.call(method.config, {})).config;
  }

  async put(request: PutRequest): Promise<PutResult> {
    const { draft, author, audit, expectedVersion, signal } = request;
    const init = { draft: toJsonBytes(draft), author: writeAuthor(author), ...writeAudit(audit), ...writeExpected(expectedVersion) };
    const response = await this.writes.put(init, signal);
    const { created, warnings, recorded } = response;
    return { created, warnings, recorded, resource: fromJsonBytes<Resource>(response.resource), revision: Number(response.revision) };
  }

  async delete(request: DeleteRequest): Promise<DeleteResult> {
    const { key, author, audit, expectedVersion, signal } = request;
    const init = { key: { ...key }, author: writeAuthor(author), ...writeAudit(audit), ...writeExpected(expectedVersion) };
    const { revision, recorded } = await this.writes.delete(init, signal);
    return { revision: Number(revision), recorded };
  }

  async issueToken(request: TokenRequest): Promise<string> {
    return (await this.call(method.issueToken, { token: toJsonBytes(request) })).token;
  }

  async proxyAdmin(request: ProxyAdminRequest): Promise<Uint8Array> {
    return (await this.call(method.proxyAdmin, { request: toJsonBytes(request) })).body;
  }

  /** Announces again after every interruption; resolves when the signal aborts or this is closed. */
  async announce(announcement: Announcement, signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.closing.signal]);
    const init = { announcement: toJsonBytes(announcement) };
    await retryUntilAborted(async (succeeded) => {
      await this.stream(method.announce, init, { signal: ended, onData: succeeded });
    }, ended);
  }

  async convergence({ revision, waitMs }: ConvergenceRequest): Promise<Convergence> {
    const init = { revision: BigInt(revision), waitMs: BigInt(waitMs) };
    return fromJsonBytes((await this.call(method.convergence, init, waitMs + callTimeoutMs)).convergence);
  }

  async recordAudit(entries: readonly TimedAuditEntry[]): Promise<void> {
    await this.call(method.recordAudit, { entries: toJsonBytes(entries) });
  }

  async readAudit(query: AuditQuery): Promise<readonly AuditRecord[]> {
    return fromJsonBytes((await this.call(method.readAudit, { query: toJsonBytes(query) })).records);
  }

  /** Reports again after every interruption; resolves when the signal aborts or this is closed. */
  async reportDeliveries(source: DeliverySource, signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.closing.signal]);
    await retryUntilAborted((succeeded) => this.report(source, ended, succeeded), ended);
  }

  private async report(source: DeliverySource, signal: AbortSignal, succeeded: () => void): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = reportMethod;
    const metadata = new Metadata({ waitForReady: true });
    const call = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    const over = new AbortController();
    answerAsks(call as ClientDuplexStream<DeliveryReport, DeliveryAsk>, source, over.signal);
    const cancel = () => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    await new Promise<void>((resolve) => {
      call.on('data', succeeded);
      call.on('error', () => resolve());
      call.on('end', () => resolve());
    });
    over.abort();
    signal.removeEventListener('abort', cancel);
  }

  private async follow(succeeded: () => void): Promise<void> {
    let chunks: Resource[] = [];
    const onData = (event: FollowEvent): void => {
      if (event.event.case === 'changes') this.view.apply({ type: 'changes', changes: readBatch(event.event.value) });
      if (event.event.case !== 'snapshot') return;
      const { resources, revision, last } = event.event.value;
      chunks.push(...resources.map((bytes) => fromJsonBytes<Resource>(bytes)));
      if (!last) return;
      this.view.apply({ type: 'snapshot', snapshot: { revision: Number(revision), resources: chunks } });
      chunks = [];
      succeeded();
      this.options.onConnection?.(true);
    };
    const error = await this.stream(method.follow, { kinds: [...(this.options.kinds ?? [])] }, { signal: this.closing.signal, onData });
    // Our own end is no news.
    if (!this.closing.signal.aborted) this.options.onConnection?.(false, error);
  }

  /** Reads a stream to its end and tells what ended it; never throws. */
  private stream<I extends DescMessage, O extends DescMessage>(
    desc: DescMethodServerStreaming<I, O>,
    init: MessageInitShape<I>,
    options: { readonly signal: AbortSignal; readonly onData: (message: MessageShape<O>) => void },
  ): Promise<MeshError | undefined> {
    const { path, requestSerialize, responseDeserialize } = methodDefinitionOf(desc);
    const request = create(desc.input, init);
    const metadata = new Metadata({ waitForReady: true });
    const call: ClientReadableStream<unknown> = this.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
    );
    const cancel = () => call.cancel();
    options.signal.addEventListener('abort', cancel, { once: true });
    return new Promise<MeshError | undefined>((resolve) => {
      let broken: MeshError | undefined;
      call.on('data', (message) => {
        try {
          options.onData(message as MessageShape<O>);
        } catch (cause) {
          broken = new MeshError('internal', { internal: 'the control plane sent what cannot be read', cause });
          call.cancel();
        }
      });
      call.on('error', (error: ServiceError) => resolve(broken ?? fromStatus(error)));
      call.on('end', () => resolve(broken));
    }).finally(() => options.signal.removeEventListener('abort', cancel));
  }

  private call<I extends DescMessage, O extends DescMessage>(
    desc: DescMethodUnary<I, O>,
    init: MessageInitShape<I>,
    timeoutMs = callTimeoutMs,
  ): Promise<MessageShape<O>> {
    const { path, requestSerialize, responseDeserialize } = methodDefinitionOf(desc);
    const request = create(desc.input, init);
    const options = { deadline: Date.now() + timeoutMs };
    const metadata = new Metadata();
    if (tracing.traceparent) metadata.set(TRACE_KEY, tracing.traceparent);
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, (error, response) => {
        if (error) reject(fromStatus(error));
        else resolve(response as MessageShape<O>);
      });
    });
  }
}

function writeAuthor(author: PutRequest['author']): { readonly name: string; readonly groups: string[] } {
  return { name: author.name, groups: [...(author.groups ?? [])] };
}

function writeAudit(audit: AuditRequest | undefined): { readonly audit?: Uint8Array } {
  return audit ? { audit: toJsonBytes(audit) } : {};
}

function writeExpected(version: number | undefined): { readonly expectedVersion?: bigint } {
  return version === undefined ? {} : { expectedVersion: BigInt(version) };
}
