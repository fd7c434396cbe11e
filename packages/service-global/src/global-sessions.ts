import { type Instance, type ZoneSubscription, type ZoneSubscriptions } from '@mesh/control-plane';
import {
  BUILD_INFO,
  type DeliverySource,
  type DescriptorRegistry,
  type Logger,
  MeshError,
  messageOf,
  type Resource,
  type ResourceStore,
  type ResourceView,
  tracing,
} from '@mesh/core';
import type { KdsServerHandler, KdsStreamName, StoreIdentity, SyncSession, SyncStream, ZonePeer } from '@mesh/grpc';
import {
  FEATURE_DELIVERY_REPORTS,
  FEATURE_HASH_SUFFIX,
  GlobalFeeds,
  InboundStore,
  KdsReceiver,
  KdsSender,
  kindsZoneToGlobal,
  PeerRecord,
  type ReceivedBatch,
  type Rejection,
  readNode,
  type ViewFeed,
} from '@mesh/kds';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import type { KdsMetrics, ZoneStreamMetrics } from './kds-metrics.js';
import { ZoneAnswers } from './zone-answers.js';
import type { ZoneCredentials } from './zone-credentials.js';
import type { ZoneLife } from './zone-life.js';
import type { ZonesConvergence } from './zones-convergence.js';

export interface GlobalSessionsOptions {
  readonly store: ResourceStore;
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  readonly instance: Instance;
  readonly subscriptions: ZoneSubscriptions;
  readonly zones: ZoneLife;
  readonly credentials: ZoneCredentials;
  readonly convergence: ZonesConvergence;
  readonly metrics: KdsMetrics;
  readonly skipPrefixes: readonly string[];
  readonly log: Logger;
}

/** The global's end of the KDS streams of all its zones. */
export class GlobalSessions implements KdsServerHandler {
  private readonly feeds: GlobalFeeds;

  constructor(private readonly options: GlobalSessionsOptions) {
    const { view, registry, skipPrefixes, log } = options;
    const onError = (resource: Resource, error: unknown): void =>
      log.warn(
        { kind: resource.kind, mesh: resource.meta.mesh, name: resource.meta.name, err: messageOf(error) },
        'a resource cannot be sent to zones',
      );
    this.feeds = new GlobalFeeds({ view, registry, skipPrefixes, onError });
  }

  /** Resolves when zones whose streams ended are marked offline. */
  async settle(): Promise<void> {
    await this.options.zones.settle();
  }

  identity(): StoreIdentity {
    return { storeId: this.options.store.storeId, storeRevision: this.options.view.revision };
  }

  admit(peer: ZonePeer, end: (error: MeshError) => void): Promise<{ release(): void }> {
    return this.options.credentials.admit(peer, end);
  }

  async globalToZone(stream: SyncStream<DeltaDiscoveryResponse>, peer: ZonePeer): Promise<SyncSession<DeltaDiscoveryRequest>> {
    await this.options.zones.ensure(peer.zone);
    return new SendingSession(this.options, { feeds: this.feeds, stream, peer });
  }

  async zoneToGlobal(stream: SyncStream<DeltaDiscoveryRequest>, peer: ZonePeer): Promise<SyncSession<DeltaDiscoveryResponse>> {
    const { store, view, registry, instance, zones, metrics, log } = this.options;
    const { zone } = peer;
    await zones.ensure(zone);
    const record = new PeerRecord(PeerRecord.configNameFor(zone), { kind: 'Zone', mesh: '', name: zone });
    const inbound = new InboundStore({
      store,
      view,
      registry,
      scope: { at: 'global', zone, hashed: peer.features.has(FEATURE_HASH_SUFFIX) },
      record,
      author: { name: `kds:${zone}` },
      onPinned: (kind, count) => metrics.pinned(kind, count),
      onHeld: (kind, names) => log.warn({ zone, kind, names }, 'the zone came back with another store: what it no longer has is kept'),
    });
    await inbound.loadRecord();
    record.meet({ id: peer.storeId, revision: peer.storeRevision });
    const receiver = new KdsReceiver({
      kinds: kindsZoneToGlobal(registry).map((d) => d.kind),
      self: { id: zone, instanceId: instance.id, config: '', version: BUILD_INFO },
      initialVersions: (kind) => inbound.initialVersions(kind),
      apply: async (batch) => this.report(zone, batch, await inbound.apply(batch)),
      onSynced: () => inbound.adopt(),
      send: stream.send,
      onFailure: stream.fail,
    });
    receiver.start();
    return { onMessage: (response) => receiver.onResponse(response), onEnd: () => receiver.stop() };
  }

  healthCheck(peer: ZonePeer): Promise<number> {
    return this.options.zones.ping(peer.zone);
  }

  deliveriesReported(peer: ZonePeer, source: DeliverySource): () => void {
    return this.options.convergence.reporting(peer.zone, source);
  }

  streamOpened(name: KdsStreamName, peer: ZonePeer): void {
    this.options.zones.streamOpened(peer, name);
  }

  private report(zone: string, batch: ReceivedBatch, rejected: readonly Rejection[]): readonly Rejection[] {
    this.options.metrics.received(batch.kind, { stored: batch.resources.length - rejected.length, refused: rejected.length });
    for (const { name, message } of rejected) {
      this.options.log.warn({ zone, kind: batch.kind, name, reason: message }, 'a resource of a zone was refused');
    }
    return rejected;
  }
}

interface Sending {
  readonly feeds: GlobalFeeds;
  readonly stream: SyncStream<DeltaDiscoveryResponse>;
  readonly peer: ZonePeer;
}

/** One stream on which a zone is sent what it should have; its features are those of the first request. */
class SendingSession implements SyncSession<DeltaDiscoveryRequest> {
  private feed: ViewFeed | undefined;
  private sender: KdsSender | undefined;
  private subscription: ZoneSubscription | undefined;
  private metrics: ZoneStreamMetrics | undefined;
  private left: () => void = () => {};

  constructor(
    private readonly options: GlobalSessionsOptions,
    private readonly sending: Sending,
  ) {}

  onMessage(request: DeltaDiscoveryRequest): void {
    this.sender ??= this.begin(request);
    this.sender.onRequest(request);
  }

  onEnd(): void {
    this.feed?.close();
    this.left();
    const { zone } = this.sending.peer;
    if (!this.subscription) return;
    this.metrics?.left();
    this.options.log.info({ zone }, 'zone disconnected');
    this.options.zones
      .close(this.subscription)
      .catch((error: unknown) => this.options.log.warn({ zone, err: messageOf(error) }, 'a zone could not be marked offline'));
  }

  private begin(request: DeltaDiscoveryRequest): KdsSender {
    const { feeds, stream, peer } = this.sending;
    const { zone } = peer;
    if (!request.node || request.node.id === '') throw new MeshError('bad_request', { public: 'every request must carry node.id' });
    const node = readNode(request.node);
    const feed = feeds.open({ zone, features: node.features }, (kind, name) =>
      this.metrics?.change(kind, () => this.sender?.onChange(kind, name)),
    );
    this.feed = feed;
    const subscription = this.options.subscriptions.open({
      zone,
      globalInstanceId: this.options.instance.id,
      node,
      authTokenProvided: peer.authTokenProvided,
    });
    this.subscription = subscription;
    this.options.zones.track(subscription);
    this.options.log.info({ zone, version: node.version.version, instance: node.instanceId }, 'zone connected');
    const answers = new ZoneAnswers(() => feed.revision);
    const lag = () => Math.max(0, this.options.view.revision - Math.max(0, sender.settledRevision));
    const metrics = this.options.metrics.connected({ zone, lag });
    this.metrics = metrics;
    const sender = new KdsSender({
      feed,
      identifier: 'global',
      send: stream.send,
      traceOfChange: () => tracing.ofEvent(this.options.view),
      events: {
        onSent: (kind) => {
          subscription.onSent(kind);
          metrics.sent(kind);
          answers.sent(kind);
        },
        onAcknowledged: (kind) => {
          subscription.onAcknowledged(kind);
          metrics.acknowledged(kind);
          answers.acknowledged(kind);
        },
        onRejected: (kind, message) => {
          this.options.log.warn({ zone, kind, message }, 'a zone refused a resource');
          this.options.metrics.refusedByZone(kind);
          subscription.onRejected(kind);
          metrics.rejected(kind);
          answers.rejected(kind, message);
        },
      },
    });
    const reports = node.features.has(FEATURE_DELIVERY_REPORTS);
    this.left = this.options.convergence.connected(zone, { sender, answers, reports });
    return sender;
  }
}
