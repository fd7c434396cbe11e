import { create } from '@bufbuild/protobuf';
import { MeshError } from '@mesh/core';
import {
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { BEAT_TYPE, type Refusal, readRefusals, writeBeat } from './beat.js';
import { type EncodedResource, KUMA_RESOURCE_TYPE_URL } from './codec.js';
import type { KdsFeed } from './feed.js';
import { FEATURE_BEATS, FEATURE_EXPLICIT_REMOVAL } from './kinds.js';
import { type PeerNode, readNode } from './node.js';
import { writeStamp } from './stamp.js';

/**
 * A response to a peer that takes parts is cut at about this size. gRPC messages end at 10 MiB, but a beat
 * that waits behind a part must come in time on a slow line as well.
 */
const PART_BYTES_MAX = 256 * 1024;

/** No change is open. */
const NONE = Number.POSITIVE_INFINITY;

/** What happened on a stream, for subscriptions and metrics. */
export interface SenderEvents {
  /** The first request of the stream: who the peer says it is. */
  onPeer?(node: PeerNode): void;
  onSent?(kind: string): void;
  onAcknowledged?(kind: string): void;
  onRejected?(kind: string, message: string): void;
  /** The peer answered a beat, with all it refuses at present. */
  onBeatAnswered?(refused: readonly Refusal[]): void;
}

export interface KdsSenderOptions {
  readonly feed: KdsFeed;
  /** `control_plane.identifier`: `global`, or the name of the zone. */
  readonly identifier: string;
  readonly send: (response: DeltaDiscoveryResponse) => void;
  readonly events?: SenderEvents;
  /** Trace context of the change the sender is being told of; goes to peers of ours. */
  readonly traceOfChange?: () => string | undefined;
}

interface TypeState {
  /** What the peer has, as far as it told us and we sent. */
  readonly versions: Map<string, string>;
  /** Names whose content may differ from `versions`. */
  readonly dirty: Set<string>;
  /** Nonce of the response that is not answered yet. */
  pending: string | undefined;
  /** Revision of the oldest change that is in that response, and of the oldest one that is not sent yet. */
  pendingFrom: number;
  dirtyFrom: number;
  /** Of the newest change that is not sent yet. */
  trace: string | undefined;
}

/**
 * The sending side of one KDS stream: the server of delta xDS, whichever end dialled
 * (contract/kds.md §2). One unanswered response per kind; what changes meanwhile is merged into the next.
 * What a peer rejected is not sent again until it changes.
 */
export class KdsSender {
  private readonly types = new Map<string, TypeState>();
  private lastNonce = 0;
  private peer: PeerNode | undefined;
  private lastSettled = -1;
  /** What the last beats said, by kind. */
  private readonly toldDigests = new Map<string, string>();

  constructor(private readonly options: KdsSenderOptions) {}

  /** Takes a request; throws MeshError `bad_request` where the stream must end. */
  onRequest(request: DeltaDiscoveryRequest): void {
    if (!request.node || request.node.id === '') throw new MeshError('bad_request', { public: 'every request must carry node.id' });
    if (request.typeUrl === '') throw new MeshError('bad_request', { public: 'type_url: cannot be empty' });
    if (!this.peer) {
      this.peer = readNode(request.node);
      this.options.events?.onPeer?.(this.peer);
    }
    if (request.typeUrl === BEAT_TYPE) {
      this.options.events?.onBeatAnswered?.(readRefusals(request));
      return;
    }
    const state = this.types.get(request.typeUrl);
    if (!state || this.isSubscribedAnew(request)) this.subscribe(request);
    else this.onAnswer(request, state);
  }

  /** Whether the peer answers beats: known from its first request on. */
  get takesBeats(): boolean {
    return this.peer?.features.has(FEATURE_BEATS) ?? false;
  }

  /** Sends a beat; call it every few seconds where the peer takes them. */
  beat(): void {
    const { revision } = this.options.feed;
    const settled = this.settledRevision;
    this.options.send(writeBeat({ revision, settled, digests: this.takeNewDigests() }));
  }

  /** Of the kinds of which the peer should have everything by now. */
  private takeNewDigests(): Map<string, string> {
    const digests = new Map<string, string>();
    for (const [kind, { pending, dirty }] of this.types) {
      const digest = pending === undefined && dirty.size === 0 ? this.options.feed.digest?.(kind) : undefined;
      if (digest === undefined || this.toldDigests.get(kind) === digest) continue;
      this.toldDigests.set(kind, digest);
      digests.set(kind, digest);
    }
    return digests;
  }

  /** A peer that found a difference starts a kind over; from any other, a request without nonce says nothing. */
  private isSubscribedAnew(request: DeltaDiscoveryRequest): boolean {
    return this.takesBeats && request.responseNonce === '' && request.resourceNamesSubscribe.length > 0 && !request.errorDetail;
  }

  /** The feed changed: give this to it as its listener. */
  readonly onChange = (kind: string, name: string): void => {
    const state = this.types.get(kind);
    if (!state) return;
    state.dirty.add(name);
    state.dirtyFrom = Math.min(state.dirtyFrom, this.options.feed.revision);
    state.trace = this.options.traceOfChange?.() ?? state.trace;
    if (state.pending === undefined) this.flush(kind, state);
  };

  /** Newest revision up to which the peer has answered everything; -1 before its first answers. What it refused counts as answered. */
  get settledRevision(): number {
    if (this.isAskedForAll()) this.lastSettled = Math.max(this.lastSettled, Math.min(this.options.feed.revision, this.oldestOpen() - 1));
    return this.lastSettled;
  }

  private isAskedForAll(): boolean {
    for (const kind of this.options.feed.kinds()) if (!this.types.has(kind)) return false;
    return this.types.size > 0;
  }

  /** Revision of the oldest change that is not answered yet; infinity where there is none. */
  private oldestOpen(): number {
    let oldest = NONE;
    for (const { pendingFrom, dirtyFrom } of this.types.values()) oldest = Math.min(oldest, pendingFrom, dirtyFrom);
    return oldest;
  }

  private get takesParts(): boolean {
    return this.peer?.features.has(FEATURE_EXPLICIT_REMOVAL) ?? false;
  }

  private subscribe(request: DeltaDiscoveryRequest): void {
    const versions = new Map(Object.entries(request.initialResourceVersions));
    const current = this.options.feed.resources(request.typeUrl);
    // Removals go with the first part: there a receiver decides whether it trusts this store to remove.
    const { feed } = this.options;
    const gone = [...versions.keys()].filter((name) => !current.has(name) && !feed.isWithheld?.(request.typeUrl, name));
    const dirty = new Set([...gone, ...current.keys()]);
    // What the peer was behind by before stays so until it has answered.
    const state: TypeState = {
      versions,
      dirty,
      pending: undefined,
      pendingFrom: NONE,
      dirtyFrom: this.lastSettled + 1,
      trace: undefined,
    };
    this.types.set(request.typeUrl, state);
    // A peer that subscribes anew forgot what it was told.
    this.toldDigests.delete(request.typeUrl);
    // An empty answer tells a Kuma peer that there is nothing; of a kind we do not know, it is to keep what it has.
    if (this.takesParts || feed.sends(request.typeUrl)) this.flush(request.typeUrl, state, true);
    else state.dirtyFrom = NONE;
  }

  private onAnswer(request: DeltaDiscoveryRequest, state: TypeState): void {
    // A spontaneous request has no nonce; taking it as an answer keeps a careless peer from a ping-pong.
    if (state.pending === undefined || (request.responseNonce !== '' && request.responseNonce !== state.pending)) return;
    state.pending = undefined;
    state.pendingFrom = NONE;
    const kind = request.typeUrl;
    if (request.errorDetail) this.options.events?.onRejected?.(kind, request.errorDetail.message);
    else this.options.events?.onAcknowledged?.(kind);
    this.flush(kind, state);
  }

  private flush(kind: string, state: TypeState, evenIfEmpty = false): void {
    const { changed, removed } = this.takeDirty(kind, state);
    const from = state.dirtyFrom;
    if (state.dirty.size === 0) state.dirtyFrom = NONE;
    if (changed.length === 0 && removed.length === 0 && !evenIfEmpty) return;
    const nonce = String(++this.lastNonce);
    state.pending = nonce;
    state.pendingFrom = from;
    const resources = changed.map((r) => ({
      name: r.name,
      version: r.version,
      resource: { typeUrl: KUMA_RESOURCE_TYPE_URL, value: r.body },
    }));
    this.options.send(
      create(DeltaDiscoveryResponseSchema, {
        typeUrl: kind,
        nonce,
        // Kuma leaves it empty; peers of ours tell by it when a store went back in time.
        systemVersionInfo: this.takesParts ? writeStamp({ revision: this.options.feed.revision, trace: state.trace }) : '',
        resources,
        removedResources: removed,
        controlPlane: { identifier: this.options.identifier },
      }),
    );
    state.trace = undefined;
    this.options.events?.onSent?.(kind);
  }

  /** A Kuma peer deletes what its first answer leaves out, so only peers of ours get it in parts. */
  private takeDirty(kind: string, state: TypeState): { changed: EncodedResource[]; removed: string[] } {
    const bytesMax = this.takesParts ? PART_BYTES_MAX : Number.POSITIVE_INFINITY;
    const current = this.options.feed.resources(kind);
    const changed: EncodedResource[] = [];
    const removed: string[] = [];
    let bytes = 0;
    for (const name of state.dirty) {
      const resource = current.get(name);
      if (resource && bytes > 0 && bytes + resource.body.length > bytesMax) break;
      state.dirty.delete(name);
      if (!resource) {
        if (state.versions.delete(name)) removed.push(name);
      } else if (state.versions.get(name) !== resource.version) {
        state.versions.set(name, resource.version);
        changed.push(resource);
        bytes += resource.body.length;
      }
    }
    return { changed, removed };
  }
}
