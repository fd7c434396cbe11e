import { BUILD_INFO, messageOf, tracing } from '@mesh/core';
import type { KdsClientHandler, StoreIdentity, SyncSession, SyncStream } from '@mesh/grpc';
import {
  CLUSTER_ID_CONFIG,
  decodeResource,
  InboundStore,
  isClusterIdName,
  KdsReceiver,
  KdsSender,
  kindsGlobalToZone,
  openZoneFeed,
  type PeerNode,
  PeerRecord,
  Quarantine,
  type ReceivedBatch,
  type Refusal,
  type Rejection,
  type SenderEvents,
  SenderRefusals,
  ZONE_LEAD_KIND,
} from '@mesh/kds';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { printConfig } from '@mesh/runtime';
import type { ZoneDeliveries } from '../convergence/zone-deliveries.js';
import { isDefault } from '../defaults/is-default.js';
import type { ZoneSubscription } from '../zones/zone-subscriptions.js';
import { PATIENCE_MAX } from './pulse.js';
import { receivingSession, watchReceiver, watchSender } from './stream-watch.js';
import { SyncStatuses } from './sync-status.js';
import type { ZoneSyncOptions } from './zone-sync-options.js';

/** In the text of an error that ends a silent stream: see watchSender and watchReceiver. */
const SILENT = 'was silent';

/** The two sync streams of one zone. */
export class ZoneSessions implements KdsClientHandler {
  private readonly self: Omit<PeerNode, 'features'>;
  readonly proxyAdmin: ZoneSyncOptions['proxyAdmin'];
  readonly deliveries: ZoneDeliveries;
  private readonly statuses: SyncStatuses;
  /** Doubles with each run that silence ended before it was in step: on a slow line parts of a first sync take long. */
  private patienceFactor = 1;
  private isInStep = false;

  constructor(
    private readonly options: ZoneSyncOptions,
    private readonly onSynced: () => void,
  ) {
    const { config, instance } = options;
    this.self = { id: config.multizone.zone.name, instanceId: instance.id, config: printConfig(config), version: BUILD_INFO };
    this.proxyAdmin = options.proxyAdmin;
    this.deliveries = options.deliveries;
    const { subscriptions, metrics, beatIntervalMs, log } = options;
    const { zoneInsightFlushInterval: flushIntervalMs } = config.multizone.global.kds;
    this.statuses = new SyncStatuses({ subscriptions, metrics, flushIntervalMs, log, ...(beatIntervalMs ? { beatIntervalMs } : {}) });
  }

  patience(): number {
    return this.patienceFactor;
  }

  /** Resolves when the end of the streams is noted. */
  settle(): Promise<void> {
    return this.statuses.settle();
  }

  onDisconnected(reason: string): void {
    if (!this.isInStep && reason.includes(SILENT)) this.patienceFactor = Math.min(this.patienceFactor * 2, PATIENCE_MAX);
    this.isInStep = false;
  }

  identity(): StoreIdentity {
    return { storeId: this.options.store.storeId, storeRevision: this.options.view.revision };
  }

  async globalToZone(
    stream: SyncStream<DeltaDiscoveryRequest>,
    global: Promise<StoreIdentity>,
  ): Promise<SyncSession<DeltaDiscoveryResponse>> {
    const { store, view, registry, log, config } = this.options;
    const zone = config.multizone.zone.name;
    const record = new PeerRecord(PeerRecord.configNameFor('global'));
    const inbound = new InboundStore({
      store,
      registry,
      scope: { at: 'zone' },
      record,
      view,
      onRepaired: (kind, count) => {
        log.warn({ kind, count }, 'resources of the global were not what it has; they were put right');
        this.statuses.repaired(zone, kind, count);
      },
      author: { name: 'kds:global' },
      isDefault,
      ...(this.options.fence !== undefined ? { fence: this.options.fence } : {}),
      onStored: (_kind, { revision }) => this.deliveries.noteStored(revision),
      onHeld: (kind, names) => log.warn({ kind, names }, 'the global is another one, or went back in time: what it no longer has is kept'),
    });
    await inbound.loadRecord();
    const quarantine = new Quarantine();
    const watch = watchReceiver({
      ...this.watched(stream.fail),
      direction: 'globalToZone',
      refused: () => quarantine.list(),
    });
    const receiver = new KdsReceiver({
      kinds: kindsGlobalToZone(registry).map((d) => d.kind),
      leadKind: ZONE_LEAD_KIND,
      self: this.self,
      initialVersions: (kind) => inbound.initialVersions(kind),
      apply: async (batch) => {
        if (batch.kind === ZONE_LEAD_KIND && batch.first) await this.meet(record, { batch, global });
        const rejected = await inbound.apply(batch);
        quarantine.note(batch, rejected);
        return this.report(batch, rejected);
      },
      onSynced: async () => {
        await inbound.adopt();
        log.info({ held: record.heldCount }, 'in step with the global');
        this.isInStep = true;
        this.patienceFactor = 1;
        this.onSynced();
      },
      onBeat: (beat) => watch.onBeat(beat),
      refused: () => quarantine.list(),
      digest: (kind) => inbound.digest(kind),
      onDifference: (kind) => log.warn({ kind }, 'what is stored of the global is not what it has; it is asked for anew'),
      send: stream.send,
      onFailure: stream.fail,
    });
    return receivingSession(receiver, watch);
  }

  async zoneToGlobal(stream: SyncStream<DeltaDiscoveryResponse>): Promise<SyncSession<DeltaDiscoveryRequest>> {
    const { view, registry, config, log } = this.options;
    const zone = config.multizone.zone;
    const skipPrefixes = zone.kds.labels.skipPrefixes;
    const onError = (resource: { kind: string; meta: { name: string } }, error: unknown): void =>
      log.warn({ kind: resource.kind, name: resource.meta.name, err: messageOf(error) }, 'a resource cannot be sent to the global');
    let sender: KdsSender | undefined;
    const feed = openZoneFeed({ view, registry, skipPrefixes, onError }, zone.name, (kind, name) => sender?.onChange(kind, name));
    const mirror = new Mirror(this.options);
    sender = new KdsSender({
      feed,
      identifier: zone.name,
      send: stream.send,
      events: mirror.events,
      traceOfChange: () => tracing.ofEvent(view),
    });
    const watch = watchSender({
      ...this.watched(stream.fail),
      direction: 'zoneToGlobal',
      sender,
      revision: () => view.revision,
      refused: () => mirror.refused,
    });
    return {
      onMessage: (request) => {
        watch.heard();
        sender.onRequest(request);
      },
      onEnd: () => {
        watch.close();
        feed.close();
        mirror.close();
      },
    };
  }

  private watched(fail: (error: unknown) => void) {
    return { zone: this.self.id, statuses: this.statuses, patience: this.patienceFactor, fail };
  }

  /** Whose store this is: its own word for it, or the cluster id that a Kuma global sends. */
  private async meet(record: PeerRecord, from: { batch: ReceivedBatch; global: Promise<StoreIdentity> }): Promise<void> {
    const { storeId, storeRevision } = await from.global;
    record.meet({ id: storeId ?? this.clusterIdIn(from.batch), revision: storeRevision });
  }

  /** Where the first answer leaves it out, the peer has the version we told it: what is stored is its id. */
  private clusterIdIn(batch: ReceivedBatch): string | undefined {
    if (batch.removed.some(isClusterIdName)) return 'none';
    const descriptor = this.options.registry.mustGet('Config');
    const item = batch.resources.find((r) => isClusterIdName(r.name));
    const spec = item
      ? decodeResource(item.body, descriptor).spec
      : this.options.view.find<{ config?: string }>('Config', '', CLUSTER_ID_CONFIG)?.spec;
    return typeof spec?.['config'] === 'string' && spec['config'] !== '' ? spec['config'] : undefined;
  }

  private report(batch: ReceivedBatch, rejected: readonly Rejection[]): readonly Rejection[] {
    for (const { name, message } of rejected)
      this.options.log.warn({ kind: batch.kind, name, reason: message }, 'a resource of the global was refused');
    return rejected;
  }
}

/** The zone's own ZoneInsight, kept from the stream on which it sends. */
class Mirror {
  private subscription: ZoneSubscription | undefined;
  private readonly refusals = new SenderRefusals();

  constructor(private readonly options: ZoneSyncOptions) {}

  get refused(): readonly Refusal[] {
    return this.refusals.list();
  }

  readonly events: SenderEvents = {
    onPeer: (node) => {
      const { subscriptions, config, instance } = this.options;
      const { cpTokenInline, cpTokenPath } = config.multizone.zone.kds.auth;
      this.subscription = subscriptions.open({
        zone: config.multizone.zone.name,
        globalInstanceId: node.instanceId,
        node: { ...node, instanceId: instance.id, config: '' },
        authTokenProvided: cpTokenInline !== '' || cpTokenPath !== '',
      });
    },
    onSent: (kind) => this.subscription?.onSent(kind),
    onAcknowledged: (kind) => {
      this.refusals.acknowledged(kind);
      this.subscription?.onAcknowledged(kind);
    },
    onBeatAnswered: (refused) => this.refusals.told(refused),
    onRejected: (kind, message) => {
      this.refusals.rejected(kind, message);
      this.options.log.warn({ kind, message }, 'the global refused a resource');
      this.subscription?.onRejected(kind);
    },
  };

  close(): void {
    this.subscription?.close().catch((error: unknown) => {
      this.options.log.debug({ err: messageOf(error) }, 'the own zone insight could not be closed');
    });
  }
}
