import { type Logger, MeshError, messageOf, type Resource, type ResourceDraft, type ResourceView } from '@mesh/core';
import type { AdsHandler, AdsOpen, AdsPeer } from '@mesh/grpc';
import type { CredentialWatch, Grant } from '../credentials/credential-watch.js';
import { ActiveStreams } from './active-streams.js';
import { Admission, type AdmissionOptions, type Admitted } from './admission.js';
import type { DeliveryState } from './delivery.js';
import type { EngineMember, SnapshotEngine } from './engine.js';
import { type InsightOptions, ProxyInsight } from './insights.js';
import type { StreamMetrics } from './metrics.js';
import { type ProxyKind, type ProxyNode, parseProxyNode } from './node.js';
import { Refusals } from './refusals.js';
import type { ProxyRegistration } from './registration.js';
import type { RevisionTimes } from './revision-times.js';

/** A proxy's resource, stored or about to be. */
export type ProxyResource = Pick<ResourceDraft, 'kind' | 'mesh' | 'name' | 'labels' | 'spec'>;

/** Throws `unauthenticated` unless the credential is good for that proxy. The credential is empty where none was sent. */
export type ProxyAuthenticator = (credential: string, resource: ProxyResource) => Promise<Grant>;

/** Told when proxies come and go, for what is kept per proxy elsewhere (certificates). */
export interface ProxyListener {
  connected(node: ProxyNode, insight: ProxyInsight): void;
  disconnected(node: ProxyNode): void;
}

export interface ProxyAdsOptions {
  /** Kinds of proxies served here. */
  readonly kinds: ReadonlySet<ProxyKind>;
  readonly view: ResourceView;
  readonly engine: SnapshotEngine;
  readonly registration: ProxyRegistration;
  readonly insights: InsightOptions;
  readonly authenticate: ProxyAuthenticator;
  /** Ends streams whose credential is revoked or expires. */
  readonly credentials: CredentialWatch;
  /** Parses and validates an inline resource; throws MeshError. */
  readonly parseInline: (json: string) => ResourceDraft;
  /** Makes ready what takes a while, for a proxy that comes with nothing. */
  readonly prepare?: (proxy: Resource) => Promise<void>;
  readonly listener?: ProxyListener;
  /** What streams are counted by. */
  readonly metrics?: StreamObserver;
  /** How many are let in at once; absent: as many as a restart bears. */
  readonly admission?: AdmissionOptions;
  readonly log: Logger;
}

/** Counts what goes over streams, and tells when changes reached the view. */
export interface StreamObserver {
  stream(): StreamMetrics;
  readonly times: RevisionTimes;
}

/** A push unanswered for so long makes a stream count as dead when its proxy dials again. */
const ANSWER_DEADLINE_MS = 10_000;

/**
 * Serves ADS streams of proxies: who they are, whether they may, their resource, insight and
 * snapshots (contract/dataplane.md §2.1-2.3).
 */
export class ProxyAdsHandler implements AdsHandler {
  private readonly active = new ActiveStreams();
  private readonly admission: Admission;
  private readonly sessions = new Set<ProxySession>();

  private readonly refusals: Refusals;
  private readonly endings = new Set<Promise<void>>();
  private stopped = false;

  constructor(private readonly options: ProxyAdsOptions) {
    this.refusals = new Refusals(options.log);
    this.admission = new Admission(options.admission);
  }

  /** Streams open now. */
  get streamCount(): number {
    return this.active.size;
  }

  /** Streams open that wait to be served. */
  get waitingCount(): number {
    return this.admission.waitingCount;
  }

  async connect(open: AdsOpen): Promise<AdsPeer> {
    try {
      const peer = await this.admitStream(open);
      this.refusals.admitted(open.nodeId);
      return peer;
    } catch (error) {
      this.refusals.refused(open.nodeId, open.peer, error);
      throw error;
    }
  }

  /** Ends all streams; resolves when the insights of their proxies say so. Nobody is let in any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const session of [...this.sessions]) session.close(new MeshError('unavailable', { public: 'the control plane is stopping' }));
    await Promise.all(this.endings);
  }

  private async admitStream(open: AdsOpen): Promise<AdsPeer> {
    if (this.stopped) throw new MeshError('unavailable', { public: 'the control plane is stopping' });
    const node = { ...parseProxyNode(open.nodeId, open.nodeMetadata), returning: open.returning };
    if (!this.options.kinds.has(node.kind)) {
      throw new MeshError('bad_request', { public: `this server does not serve proxies of kind ${node.kind}: fetch a new bootstrap` });
    }
    const session = new ProxySession(node, open);
    const place = this.active.claim(session);
    try {
      session.admitted = await this.admission.enter(open.ended);
      await this.admit(session);
      if (!open.returning) await this.prepare(session);
      session.held = await this.hold(session);
    } catch (error) {
      session.admitted?.release();
      place.release();
      throw error;
    }
    this.sessions.add(session);
    return session.serve(this.options, (insightWritten) => {
      this.sessions.delete(session);
      place.release();
      this.endings.add(insightWritten);
      void insightWritten.finally(() => this.endings.delete(insightWritten));
    });
  }

  private async admit(session: ProxySession): Promise<void> {
    const { view, authenticate, registration } = this.options;
    const { node, credential } = session;
    const stored = view.get(node.key);
    const inline = node.inlineResource === undefined ? undefined : this.inlineOf(node);
    const resource = inline ?? (stored && asProxyResource(stored));
    if (!resource) throw new MeshError('not_found', { public: `${node.kind} ${node.key.name} is not known to this control plane` });
    await authenticate(credential, resource);
    // Whoever may be the new proxy must also have been allowed to be the old one.
    if (inline && stored) await authenticate(credential, asProxyResource(stored));
    await registration.arrived(node.key);
    if (inline) await registration.registerOrKeep(inline, stored);
  }

  /** What cannot be made ready is made, or fails, when it is needed. */
  private async prepare({ node }: ProxySession): Promise<void> {
    const { view, prepare, log } = this.options;
    const stored = view.get(node.key);
    if (!stored || !prepare) return;
    await prepare(stored).catch((error: unknown) =>
      log.warn({ proxy: node.key.name, mesh: node.key.mesh, error: messageOf(error) }, 'nothing could be prepared for a proxy'),
    );
  }

  /** Lets the credential count for as long as it is good for what is stored of the proxy. */
  private hold(session: ProxySession): Promise<{ release(): void }> {
    const { view, authenticate, credentials } = this.options;
    let last: ProxyResource | undefined;
    const check = (): Promise<Grant> => {
      const stored = view.get(session.key);
      if (stored) last = asProxyResource(stored);
      return last ? authenticate(session.credential, last) : Promise.resolve({});
    };
    return credentials.hold(check, (error) => session.close(error));
  }

  private inlineOf(node: ProxyNode): ResourceDraft {
    const draft = this.options.parseInline(node.inlineResource ?? '');
    const { kind, mesh, name } = node.key;
    if (draft.kind === kind && draft.mesh === mesh && draft.name === name) return draft;
    throw new MeshError('bad_request', {
      public: `the inline resource is ${draft.kind} ${draft.mesh}.${draft.name}, but the node is ${kind} ${mesh}.${name}`,
    });
  }
}

/** One stream of one proxy, from the first request to the end. */
class ProxySession {
  private member: EngineMember | undefined;
  private closed = false;
  /** The credential, while it is good. */
  held: { release(): void } | undefined;
  /** Its place among those that are being served for the first time. */
  admitted: Admitted | undefined;

  private readonly open: Pick<AdsOpen, 'authorization' | 'peer' | 'stream' | 'variant'>;

  constructor(
    readonly node: ProxyNode,
    { authorization, peer, stream, variant }: AdsOpen,
  ) {
    // The rest of what a stream opens with is not needed for as long as the stream lives.
    this.open = { authorization, peer, stream, variant };
  }

  get key() {
    return this.node.key;
  }

  /** The raw token; several values are none. */
  get credential(): string {
    return this.open.authorization.length === 1 ? (this.open.authorization[0] ?? '') : '';
  }

  isDead(): boolean {
    return this.closed || (this.member?.delivery.waitsSince(Date.now() - ANSWER_DEADLINE_MS) ?? false);
  }

  close(error: MeshError): void {
    this.open.stream.close(error);
  }

  serve(options: ProxyAdsOptions, onEnd: (insightWritten: Promise<void>) => void): AdsPeer {
    const { engine, listener, log } = options;
    const fields = { proxy: this.key.name, mesh: this.key.mesh, kind: this.node.kind };
    const insight = new ProxyInsight(options.insights, this.node);
    const metrics = options.metrics?.stream();
    const settle = () =>
      queueMicrotask(() => {
        if (!isSettled(member.delivery.state)) return;
        this.admitted?.release();
        insight.settled();
        metrics?.settled();
      });
    listener?.connected(this.node, insight);
    const member = engine.add(this.node, (snapshot, taken) =>
      this.open.stream.setSnapshot(snapshot, () => {
        taken();
        settle();
      }),
    );
    this.member = member;
    if (this.node.returning) insight.reopen();
    else void insight.open();
    log.info({ ...fields, xds: this.open.variant, peer: this.open.peer }, 'proxy connected');
    return {
      onSent: ({ typeUrl }) => {
        insight.count('responsesSent', typeUrl);
        metrics?.sent(typeUrl, options.metrics?.times.after(member.delivery.state.ackedRevision));
        member.delivery.sent(typeUrl);
      },
      onAck: ({ typeUrl }) => {
        insight.count('responsesAcknowledged', typeUrl);
        metrics?.answered(typeUrl, 'ACK');
        member.delivery.acked(typeUrl);
        settle();
      },
      onHeld: ({ typeUrl }) => {
        member.delivery.acked(typeUrl);
        settle();
      },
      onNack: ({ typeUrl, error }) => {
        insight.count('responsesRejected', typeUrl);
        metrics?.answered(typeUrl, 'NACK');
        member.delivery.nacked(typeUrl, error);
        log.warn({ ...fields, typeUrl, reason: error }, 'proxy refused its configuration');
      },
      onClosed: () => {
        this.closed = true;
        this.held?.release();
        this.admitted?.release();
        member.remove();
        listener?.disconnected(this.node);
        onEnd(insight.close());
        if (this.node.inlineResource !== undefined) options.registration.left(this.key);
        log.info(fields, 'proxy disconnected');
      },
    };
  }
}

function asProxyResource(resource: Resource): ProxyResource {
  const { meta } = resource;
  return { kind: resource.kind, mesh: meta.mesh, name: meta.name, labels: meta.labels, spec: resource.spec };
}

function isSettled({ builtRevision, ackedRevision }: DeliveryState): boolean {
  return ackedRevision >= builtRevision;
}
