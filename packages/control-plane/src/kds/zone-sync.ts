import { readFile } from 'node:fs/promises';
import {
  BUILD_INFO,
  type DescriptorRegistry,
  type Logger,
  messageOf,
  type ProxyAdminRequest,
  type ResourceStore,
  type ResourceView,
  type Runner,
  tracing,
  VERSION,
} from '@mesh/core';
import { KdsClient, type KdsClientHandler, type StoreIdentity, type SyncSession, type SyncStream } from '@mesh/grpc';
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
  type ReceivedBatch,
  type Rejection,
  type SenderEvents,
  ZONE_LEAD_KIND,
} from '@mesh/kds';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { type KumaConfig, type Metrics, printConfig } from '@mesh/runtime';
import type { ZoneDeliveries } from '../convergence/zone-deliveries.js';
import type { Instance } from '../instance.js';
import type { ZoneSubscription, ZoneSubscriptions } from '../zones/zone-subscriptions.js';

export interface ZoneSyncOptions {
  readonly config: KumaConfig;
  readonly store: ResourceStore;
  /** Follows the store; must have its first snapshot before `start`. */
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  readonly instance: Instance;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Of the leadership under which this runs; a later leader's writes then refuse those of this one. */
  readonly fence?: number;
  /** Where the mirror of the zone's own ZoneInsight is written. */
  readonly subscriptions: ZoneSubscriptions;
  /** What the proxies of this zone have, for a global that asks. */
  readonly deliveries: ZoneDeliveries;
  /** Asks a proxy of this zone, known by its display name. */
  readonly proxyAdmin: (request: ProxyAdminRequest) => Promise<Uint8Array>;
}

/**
 * Keeps a zone in step with its global (contract/kds.md): dials it, sends what the zone made, stores what
 * the global made, and goes on alone while the global is away. Run it on the leader only.
 */
export class ZoneSyncRunner implements Runner {
  readonly name = 'kds-client';
  private client: KdsClient | undefined;
  private synced: () => void = () => {};
  /** Resolves when everything the global has was stored once. */
  readonly firstSync = new Promise<void>((resolve) => {
    this.synced = resolve;
  });

  constructor(private readonly options: ZoneSyncOptions) {}

  async start(): Promise<void> {
    const { zone } = this.options.config.multizone;
    this.client = new KdsClient({
      address: zone.globalAddress,
      zone: zone.name,
      version: VERSION,
      ...(zone.kds.rootCaFile ? { rootCa: await readFile(zone.kds.rootCaFile) } : {}),
      skipVerify: zone.kds.tlsSkipVerify,
      messageBytesMax: zone.kds.maxMsgSize,
      token: () => zoneToken(zone.kds.auth),
      handler: new ZoneSessions(this.options, () => this.synced()),
      log: this.options.log,
    });
    this.client.start();
  }

  async stop(): Promise<void> {
    await this.client?.stop();
  }
}

/** The token this zone shows to its global; empty where it has none. */
async function zoneToken(auth: KumaConfig['multizone']['zone']['kds']['auth']): Promise<string> {
  const { cpTokenInline, cpTokenPath } = auth;
  return (cpTokenPath === '' ? cpTokenInline : await readFile(cpTokenPath, 'utf8')).trim();
}

/** The two sync streams of one zone. */
class ZoneSessions implements KdsClientHandler {
  private readonly self: Omit<PeerNode, 'features'>;
  readonly proxyAdmin: ZoneSyncOptions['proxyAdmin'];
  readonly deliveries: ZoneDeliveries;

  constructor(
    private readonly options: ZoneSyncOptions,
    private readonly onSynced: () => void,
  ) {
    const { config, instance } = options;
    this.self = { id: config.multizone.zone.name, instanceId: instance.id, config: printConfig(config), version: BUILD_INFO };
    this.proxyAdmin = options.proxyAdmin;
    this.deliveries = options.deliveries;
  }

  identity(): StoreIdentity {
    return { storeId: this.options.store.storeId, storeRevision: this.options.view.revision };
  }

  async globalToZone(
    stream: SyncStream<DeltaDiscoveryRequest>,
    global: Promise<StoreIdentity>,
  ): Promise<SyncSession<DeltaDiscoveryResponse>> {
    const { store, view, registry, log } = this.options;
    const record = new PeerRecord(PeerRecord.configNameFor('global'));
    const inbound = new InboundStore({
      store,
      view,
      registry,
      scope: { at: 'zone' },
      record,
      author: { name: 'kds:global' },
      ...(this.options.fence !== undefined ? { fence: this.options.fence } : {}),
      onStored: (_kind, { revision }) => this.deliveries.noteStored(revision),
      onHeld: (kind, names) => log.warn({ kind, names }, 'the global is another one, or went back in time: what it no longer has is kept'),
    });
    await inbound.loadRecord();
    const receiver = new KdsReceiver({
      kinds: kindsGlobalToZone(registry).map((d) => d.kind),
      leadKind: ZONE_LEAD_KIND,
      self: this.self,
      initialVersions: (kind) => inbound.initialVersions(kind),
      apply: async (batch) => {
        if (batch.kind === ZONE_LEAD_KIND && batch.first) await this.meet(record, { batch, global });
        return this.report(batch, await inbound.apply(batch));
      },
      onSynced: async () => {
        await inbound.adopt();
        log.info({ held: record.heldCount }, 'in step with the global');
        this.onSynced();
      },
      send: stream.send,
      onFailure: stream.fail,
    });
    receiver.start();
    return { onMessage: (response) => receiver.onResponse(response), onEnd: () => receiver.stop() };
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
    return {
      onMessage: (request) => sender.onRequest(request),
      onEnd: () => {
        feed.close();
        mirror.close();
      },
    };
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

  constructor(private readonly options: ZoneSyncOptions) {}

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
    onAcknowledged: (kind) => this.subscription?.onAcknowledged(kind),
    onRejected: (kind, message) => {
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
