import {
  type Instance,
  type StreamWatch,
  type SyncStatuses,
  watchSender,
  type ZoneSubscription,
  type ZoneSubscriptions,
} from '@mesh/control-plane';
import { type Logger, MeshError, messageOf, type ResourceView, tracing } from '@mesh/core';
import type { SyncSession, SyncStream, ZonePeer } from '@mesh/grpc';
import {
  FEATURE_DELIVERY_REPORTS,
  type GlobalFeeds,
  KdsSender,
  readNode,
  type SenderEvents,
  SenderRefusals,
  type ViewFeed,
} from '@mesh/kds';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import type { KdsMetrics, ZoneStreamMetrics } from './kds-metrics.js';
import { ZoneAnswers } from './zone-answers.js';
import type { ZoneClaims } from './zone-claims.js';
import type { ZoneCredentials } from './zone-credentials.js';
import type { ZoneLife } from './zone-life.js';
import type { ZonesConvergence } from './zones-convergence.js';

export interface SendingOptions {
  readonly view: ResourceView;
  readonly instance: Instance;
  readonly subscriptions: ZoneSubscriptions;
  readonly statuses: SyncStatuses;
  readonly zones: ZoneLife;
  readonly credentials: ZoneCredentials;
  readonly claims: ZoneClaims;
  readonly convergence: ZonesConvergence;
  readonly metrics: KdsMetrics;
  readonly log: Logger;
}

interface Sending {
  readonly feeds: GlobalFeeds;
  readonly stream: SyncStream<DeltaDiscoveryResponse>;
  readonly peer: ZonePeer;
}

/** One stream on which a zone is sent what it should have; its features are those of the first request. */
export class SendingSession implements SyncSession<DeltaDiscoveryRequest> {
  private feed: ViewFeed | undefined;
  private sender: KdsSender | undefined;
  private subscription: ZoneSubscription | undefined;
  private metrics: ZoneStreamMetrics | undefined;
  private readonly refusals = new SenderRefusals();
  private watch: StreamWatch | undefined;
  private left: () => void = () => {};

  constructor(
    private readonly options: SendingOptions,
    private readonly sending: Sending,
  ) {}

  onMessage(request: DeltaDiscoveryRequest): void {
    this.sender ??= this.begin(request);
    this.watch?.heard();
    this.sender.onRequest(request);
  }

  onEnd(): void {
    this.feed?.close();
    this.watch?.close();
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
    const authentication = this.options.credentials.proofOf(peer);
    this.options.statuses.identify(zone, { authentication, ...(peer.storeId ? { storeId: peer.storeId } : {}) });
    this.options.claims
      .noteRename(peer)
      .catch((error: unknown) => this.options.log.warn({ zone, err: messageOf(error) }, 'a new name of a zone could not be noted'));
    this.options.log.info({ zone, version: node.version.version, instance: node.instanceId, authentication }, 'zone connected');
    const answers = new ZoneAnswers(() => feed.revision);
    const metrics = this.options.metrics.connected(zone);
    this.metrics = metrics;
    const sender = new KdsSender({
      feed,
      identifier: 'global',
      send: stream.send,
      traceOfChange: () => tracing.ofEvent(this.options.view),
      events: this.events({ subscription, metrics, answers }),
    });
    this.watch = watchSender({
      zone,
      direction: 'globalToZone',
      statuses: this.options.statuses,
      sender,
      revision: () => this.options.view.revision,
      patience: peer.patience,
      refused: () => this.refusals.list(),
      fail: stream.fail,
    });
    const reports = node.features.has(FEATURE_DELIVERY_REPORTS);
    this.left = this.options.convergence.connected(zone, { sender, answers, reports });
    return sender;
  }
  /** Whatever is told of the zone's answers. */
  private events({
    subscription,
    metrics,
    answers,
  }: {
    subscription: ZoneSubscription;
    metrics: ZoneStreamMetrics;
    answers: ZoneAnswers;
  }): SenderEvents {
    const { zone } = this.sending.peer;
    return {
      onSent: (kind) => {
        subscription.onSent(kind);
        metrics.sent(kind);
        answers.sent(kind);
      },
      onAcknowledged: (kind) => {
        subscription.onAcknowledged(kind);
        metrics.acknowledged(kind);
        answers.acknowledged(kind);
        this.refusals.acknowledged(kind);
      },
      onRejected: (kind, message) => {
        this.options.log.warn({ zone, kind, message }, 'a zone refused a resource');
        this.options.metrics.refusedByZone(kind);
        subscription.onRejected(kind);
        metrics.rejected(kind);
        answers.rejected(kind, message);
        this.refusals.rejected(kind, message);
      },
      onBeatAnswered: (refused) => this.refusals.told(refused),
    };
  }
}
