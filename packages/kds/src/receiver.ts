import { create } from '@bufbuild/protobuf';
import { MeshError, messageOf } from '@mesh/core';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
} from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { answerBeat, BEAT_TYPE, type Beat, type Refusal, readBeat } from './beat.js';
import { CLUSTER_ID_CONFIG } from './kinds.js';
import { describeNode, type PeerNode } from './node.js';
import { readStamp } from './stamp.js';

/** Every so many beats what is stored is compared; in between nothing is looked at. */
const BEATS_PER_COMPARISON = 15;
/** Responses that may wait beyond two of each kind. */
const QUEUE_MIN = 32;

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
  /** Answers a subscription that was made anew because content differed. */
  readonly repair?: boolean;
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
  /** A beat came: the peer is alive, and says how far it is. */
  readonly onBeat?: (beat: Beat) => void;
  /** What was refused and has not come in an acceptable form since; beats are answered with it. */
  readonly refused?: () => readonly Refusal[];
  /** SetDigest of what is stored of a kind in the peer's scope; undefined where that cannot be told now. */
  readonly digest?: (kind: string) => string | undefined;
  /** What is stored of a kind is not what the peer says: it is asked for anew. */
  readonly onDifference?: (kind: string) => void;
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
  private queued = 0;
  private stopped = false;
  /** By kind, what the peer said is right and nothing has changed since. */
  private readonly expected = new Map<string, string>();
  private readonly repairing = new Set<string>();
  private beats = 0;

  constructor(private readonly options: KdsReceiverOptions) {
    this.waitingFor = new Set(options.kinds);
  }

  /** Subscribes to every kind, the lead kind first and alone. */
  start(): void {
    const lead = this.options.leadKind;
    this.enqueue(() => (lead !== undefined && this.waitingFor.has(lead) ? this.subscribe(lead) : this.subscribeRest()));
  }

  onResponse(response: DeltaDiscoveryResponse): void {
    if (response.typeUrl === BEAT_TYPE) this.onBeat(response);
    else this.enqueue(() => this.take(response));
  }

  /** Answered at once, whatever waits to be stored: it tells that this end reads. */
  private onBeat(response: DeltaDiscoveryResponse): void {
    const beat = readBeat(response);
    if (!beat || this.stopped) return;
    this.options.send(answerBeat(this.options.self.id, this.options.refused?.()));
    this.options.onBeat?.(beat);
    this.enqueue(() => this.compare(beat));
  }

  /** Compares each kind when the peer has told of it, and all of them now and then: what is stored here may have changed alone. */
  private async compare({ digests }: Beat): Promise<void> {
    for (const [kind, digest] of digests) this.expected.set(kind, digest);
    if (this.waitingFor.size > 0 || this.beats++ % BEATS_PER_COMPARISON !== 0) return;
    for (const [kind, expected] of this.expected) {
      const own = this.options.digest?.(kind);
      if (own === undefined || own === expected) continue;
      this.options.onDifference?.(kind);
      this.expected.delete(kind);
      this.repairing.add(kind);
      await this.subscribe(kind);
    }
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
    // One unanswered response per kind is the rule: what is far beyond comes from a peer that does not wait.
    if (++this.queued > this.options.kinds.length * 2 + QUEUE_MIN && !this.stopped) {
      this.stopped = true;
      this.options.onFailure(new MeshError('bad_request', { public: 'too many responses that were not answered yet' }));
    }
    this.work = this.work.then(async () => {
      this.queued--;
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
    this.expected.delete(kind);
    // A kind that was never asked for is not ours to store; the answer keeps the peer going.
    const rejected = this.options.kinds.includes(kind) ? await this.options.apply(this.batchOf(response)) : [];
    if (this.stopped) return;
    this.answer(response, rejected);
    this.repairing.delete(kind);
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
      ...(this.repairing.has(response.typeUrl) ? { repair: true } : {}),
      resources: response.resources.map((r) => ({ name: r.name, version: r.version, body: r.resource?.value ?? new Uint8Array() })),
      removed: response.removedResources,
    };
  }

  private answer(response: DeltaDiscoveryResponse, rejected: readonly Rejection[]): void {
    const nack =
      rejected.length > 0
        ? {
            errorDetail: { code: 0, message: rejected.map(({ name, message }) => `${name}: ${message}`).join('\n') },
            resourceNamesSubscribe: ['*'],
          }
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
