import { create } from '@bufbuild/protobuf';
import { MeshError, messageOf } from '@mesh/core';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
} from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { CLUSTER_ID_CONFIG } from './kinds.js';
import { describeNode, type PeerNode } from './node.js';
import { readStamp } from './stamp.js';

/** One response, ready to be judged and stored. */
export interface ReceivedBatch {
  readonly kind: string;
  /** First response of the kind on this stream. */
  readonly first: boolean;
  readonly resources: readonly { readonly name: string; readonly version: string; readonly body: Uint8Array }[];
  /** Wire names. */
  readonly removed: readonly string[];
  /** Revision of the sender's store, where it is one of ours. */
  readonly revision?: number;
  /** W3C trace context of what caused it, where the sender tells. */
  readonly trace?: string;
}

/** A resource that was not taken: the peer gets the message in its NACK. */
export interface Rejection {
  readonly name: string;
  readonly message: string;
}

export interface KdsReceiverOptions {
  readonly kinds: readonly string[];
  /** A kind to finish before the others are asked for; it tells whose store this is. */
  readonly leadKind?: string;
  readonly self: Omit<PeerNode, 'features'>;
  /** Wire name to version of what is stored of a kind in the peer's scope: the peer answers with the rest. */
  readonly initialVersions: (kind: string) => Promise<Readonly<Record<string, string>>>;
  /** Stores a batch; returns what was refused. A throw ends the stream. */
  readonly apply: (batch: ReceivedBatch) => Promise<readonly Rejection[]>;
  readonly send: (request: DeltaDiscoveryRequest) => void;
  /** All kinds had their first response and are stored. */
  readonly onSynced?: () => Promise<void>;
  /** The stream cannot go on. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The receiving side of one KDS stream: the client of delta xDS, whichever end dialled
 * (contract/kds.md §2). Responses are stored one after the other; an ACK means stored.
 */
export class KdsReceiver {
  private readonly waitingFor: Set<string>;
  private readonly seen = new Set<string>();
  private work: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: KdsReceiverOptions) {
    this.waitingFor = new Set(options.kinds);
  }

  /** Subscribes to every kind, the lead kind first and alone. */
  start(): void {
    const lead = this.options.leadKind;
    this.enqueue(() => (lead !== undefined && this.waitingFor.has(lead) ? this.subscribe(lead) : this.subscribeRest()));
  }

  onResponse(response: DeltaDiscoveryResponse): void {
    this.enqueue(() => this.take(response));
  }

  /** Nothing is stored or sent after this. */
  stop(): void {
    this.stopped = true;
  }

  /** Resolves when everything received so far is stored. */
  async idle(): Promise<void> {
    await this.work;
  }

  private enqueue(step: () => Promise<void>): void {
    this.work = this.work.then(async () => {
      if (this.stopped) return;
      try {
        await step();
      } catch (error) {
        this.stopped = true;
        this.options.onFailure(error);
      }
    });
  }

  private async subscribeRest(): Promise<void> {
    for (const kind of this.waitingFor) await this.subscribe(kind);
  }

  private async subscribe(kind: string): Promise<void> {
    const initialResourceVersions = await this.options.initialVersions(kind);
    this.options.send(
      create(DeltaDiscoveryRequestSchema, {
        node: describeNode(this.options.self),
        typeUrl: kind,
        resourceNamesSubscribe: ['*'],
        initialResourceVersions: { ...initialResourceVersions },
      }),
    );
  }

  private async take(response: DeltaDiscoveryResponse): Promise<void> {
    const kind = response.typeUrl;
    // A kind that was never asked for is not ours to store; the answer keeps the peer going.
    const rejected = this.options.kinds.includes(kind) ? await this.options.apply(this.batchOf(response)) : [];
    if (this.stopped) return;
    this.answer(response, rejected);
    const first = this.waitingFor.delete(kind);
    this.seen.add(kind);
    if (first && kind === this.options.leadKind) await this.subscribeRest();
    if (first && this.waitingFor.size === 0) await this.options.onSynced?.();
  }

  private batchOf(response: DeltaDiscoveryResponse): ReceivedBatch {
    const { revision, trace } = readStamp(response.systemVersionInfo);
    return {
      ...(revision === undefined ? {} : { revision }),
      ...(trace === undefined ? {} : { trace }),
      kind: response.typeUrl,
      first: !this.seen.has(response.typeUrl),
      resources: response.resources.map((r) => ({ name: r.name, version: r.version, body: r.resource?.value ?? new Uint8Array() })),
      removed: response.removedResources,
    };
  }

  private answer(response: DeltaDiscoveryResponse, rejected: readonly Rejection[]): void {
    const nack =
      rejected.length > 0
        ? { errorDetail: { code: 0, message: rejected.map((r) => r.message).join('\n') }, resourceNamesSubscribe: ['*'] }
        : {};
    this.options.send(
      create(DeltaDiscoveryRequestSchema, {
        node: { id: this.options.self.id },
        typeUrl: response.typeUrl,
        responseNonce: response.nonce,
        ...nack,
      }),
    );
  }
}

/** The lead kind of a zone: the cluster id says which global this is before anything is removed. */
export const ZONE_LEAD_KIND = 'Config';

/** The cluster id in a batch of Config resources, if it is there. */
export function isClusterIdName(name: string): boolean {
  return name === `${CLUSTER_ID_CONFIG}.`;
}

/** Text of whatever made a resource unacceptable. */
export function rejectionText(error: unknown): string {
  return MeshError.is(error) ? error.public : messageOf(error);
}
