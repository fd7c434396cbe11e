import type { ServerDuplexStream } from '@grpc/grpc-js';
import { MeshError, messageOf } from '@mesh/core';
import type { SessionAction, Snapshot } from '@mesh/delta';
import type { Node } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { toStatus } from '../status.js';
import type { AdsHandler, AdsPeer, AdsStream } from './handler.js';
import type { AdsVariant, DecodedRequest } from './variants.js';

/** How long listeners and routes wait for the answer to new clusters, which Envoy gives once they are warm. */
const patienceMs = 1_000;

export interface AdsServiceOptions {
  /** `control_plane.identifier` of every response: the id of this instance. */
  readonly controlPlaneId: string;
  /** Receives what should not have been thrown; the stream it happened on ends with INTERNAL. */
  readonly onError?: (error: unknown) => void;
}

/**
 * One ADS stream: decodes, asks the handler once who this is, and carries out what the session
 * wants. Nothing that arrives or that a handler throws goes beyond the stream.
 */
export class AdsServerStream implements AdsStream {
  private peer: AdsPeer | undefined;
  private nodeId: string | undefined;
  private ended = false;
  /** Tells the handler, while it decides about the stream; nobody listens later. */
  private waiting: AbortController | undefined;
  private patience: NodeJS.Timeout | undefined;

  constructor(
    private readonly call: ServerDuplexStream<Buffer, Buffer>,
    private readonly variant: AdsVariant,
    private readonly context: { readonly handler: AdsHandler; readonly options: AdsServiceOptions },
  ) {
    call.on('data', (bytes: Buffer) => this.guard(() => this.receive(bytes)));
    call.on('end', () => this.end(() => call.end()));
    call.on('cancelled', () => this.end(() => {}));
    call.on('close', () => this.end(() => {}));
  }

  setSnapshot(snapshot: Snapshot, taken?: () => void): void {
    if (!this.ended) this.guard(() => this.run(this.variant.onSnapshot(snapshot)));
    if (!this.ended) taken?.();
  }

  close(error: MeshError): void {
    this.end(() => this.call.emit('error', toStatus(error)));
  }

  private receive(bytes: Buffer): void {
    if (this.ended) return;
    const request = this.decode(bytes);
    if (this.nodeId === undefined) {
      this.open(request);
      return;
    }
    const id = request.node?.id ?? '';
    if (id !== '' && id !== this.nodeId) throw new MeshError('bad_request', { public: `node id changed from ${this.nodeId} to ${id}` });
    this.run(request.apply());
  }

  private decode(bytes: Buffer): DecodedRequest {
    try {
      return this.variant.decode(bytes);
    } catch (cause) {
      throw new MeshError('bad_request', { public: `not a discovery request: ${messageOf(cause)}`, cause });
    }
  }

  private open(request: DecodedRequest): void {
    if (!request.node || request.node.id === '') {
      throw new MeshError('bad_request', { public: 'the first request of a stream must carry a node with an id' });
    }
    this.nodeId = request.node.id;
    // Later requests wait in the stream until the handler knows who this is.
    this.call.pause();
    this.connect(request.node, request.holds)
      .then((peer) => this.connected(peer, request))
      .catch((error: unknown) => this.fail(error));
  }

  private async connect(node: Node, returning: boolean): Promise<AdsPeer> {
    this.waiting = new AbortController();
    return this.context.handler.connect({
      nodeId: node.id,
      nodeMetadata: node.metadata ?? {},
      nodeCluster: node.cluster,
      authorization: this.call.metadata.get('authorization').map(String),
      variant: this.variant.name,
      returning,
      peer: this.call.getPeer(),
      stream: this,
      ended: this.waiting.signal,
    });
  }

  private connected(peer: AdsPeer, request: DecodedRequest): void {
    this.peer = peer;
    this.waiting = undefined;
    if (this.ended) {
      this.tell((told) => told.onClosed());
      return;
    }
    this.run(request.apply());
    this.call.resume();
  }

  private run(actions: readonly SessionAction[]): void {
    for (const action of actions) {
      if (this.ended) return;
      const { typeUrl, nonce, version } = action;
      const event = { typeUrl, nonce, version };
      if (action.type === 'send') {
        this.call.write(this.variant.encode(action, this.context.options.controlPlaneId));
        this.tell((peer) => peer.onSent(event));
      } else if (action.type === 'held') this.tell((peer) => peer.onHeld?.({ typeUrl }));
      else if (action.type === 'ack') this.tell((peer) => peer.onAck(event));
      else this.tell((peer) => peer.onNack({ ...event, error: action.error }));
    }
    this.watchWaiting();
  }

  private watchWaiting(): void {
    if (this.ended || !this.variant.waiting()) {
      clearTimeout(this.patience);
      this.patience = undefined;
      return;
    }
    this.patience ??= setTimeout(() => {
      this.patience = undefined;
      this.guard(() => this.run(this.variant.hurry()));
    }, patienceMs).unref();
  }

  private tell(event: (peer: AdsPeer) => void): void {
    if (this.peer) this.guard(() => event(this.peer!));
  }

  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (!MeshError.is(error)) this.context.options.onError?.(error);
    this.close(MeshError.is(error) ? error : new MeshError('internal', { public: 'internal error', cause: error }));
  }

  private end(finish: () => void): void {
    if (this.ended) return;
    this.ended = true;
    this.waiting?.abort();
    clearTimeout(this.patience);
    finish();
    this.tell((peer) => peer.onClosed());
  }
}
