import { receivingSession, watchReceiver } from '@mesh/control-plane';
import {
  BUILD_INFO,
  type DeliverySource,
  type DescriptorRegistry,
  type InstanceBus,
  type MeshError,
  messageOf,
  type Resource,
  type ResourceStore,
} from '@mesh/core';
import type { KdsServerHandler, KdsStreamName, StoreIdentity, SyncSession, SyncStream, ZonePeer } from '@mesh/grpc';
import {
  FEATURE_HASH_SUFFIX,
  GlobalFeeds,
  InboundStore,
  KdsReceiver,
  kindsZoneToGlobal,
  PeerRecord,
  Quarantine,
  type ReceivedBatch,
  type Rejection,
} from '@mesh/kds';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { streamFact } from './admin-routing.js';
import { type SendingOptions, SendingSession } from './sending-session.js';

export interface GlobalSessionsOptions extends SendingOptions {
  readonly store: ResourceStore;
  readonly registry: DescriptorRegistry;
  readonly bus: InstanceBus;
  readonly skipPrefixes: readonly string[];
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
    await this.options.statuses.settle();
  }

  identity(): StoreIdentity {
    return { storeId: this.options.store.storeId, storeRevision: this.options.view.revision };
  }

  /** By its credential, and by the store it speaks for. */
  async admit(peer: ZonePeer, end: (error: MeshError) => void): Promise<{ release(): void }> {
    const { credentials, claims } = this.options;
    const admission = await credentials.admit(peer, end);
    try {
      const claim = claims.enter(peer);
      return {
        release: () => {
          claim.release();
          admission.release();
        },
      };
    } catch (error) {
      admission.release();
      throw error;
    }
  }

  async globalToZone(stream: SyncStream<DeltaDiscoveryResponse>, peer: ZonePeer): Promise<SyncSession<DeltaDiscoveryRequest>> {
    await this.options.zones.ensure(peer.zone);
    return new SendingSession(this.options, { feeds: this.feeds, stream, peer });
  }

  async zoneToGlobal(stream: SyncStream<DeltaDiscoveryRequest>, peer: ZonePeer): Promise<SyncSession<DeltaDiscoveryResponse>> {
    const { store, view, registry, instance, zones, metrics, statuses, log } = this.options;
    const { zone } = peer;
    await zones.ensure(zone);
    const record = new PeerRecord(PeerRecord.configNameFor(zone), { kind: 'Zone', mesh: '', name: zone });
    const inbound = new InboundStore({
      store,
      registry,
      scope: { at: 'global', zone, hashed: peer.features.has(FEATURE_HASH_SUFFIX) },
      record,
      view,
      author: { name: `kds:${zone}` },
      onRepaired: (kind, count) => {
        log.warn({ zone, kind, count }, 'resources of a zone were not what the zone has; they were put right');
        statuses.repaired(zone, kind, count);
      },
      onPinned: (kind, count) => metrics.pinned(kind, count),
      onHeld: (kind, names) => log.warn({ zone, kind, names }, 'the zone came back with another store: what it no longer has is kept'),
    });
    await inbound.loadRecord();
    record.meet({ id: peer.storeId, revision: peer.storeRevision });
    const quarantine = new Quarantine();
    const watch = watchReceiver({
      zone,
      direction: 'zoneToGlobal',
      statuses,
      patience: peer.patience,
      refused: () => quarantine.list(),
      fail: stream.fail,
    });
    const receiver = new KdsReceiver({
      kinds: kindsZoneToGlobal(registry).map((d) => d.kind),
      self: { id: zone, instanceId: instance.id, config: '', version: BUILD_INFO },
      initialVersions: (kind) => inbound.initialVersions(kind),
      apply: async (batch) => {
        const rejected = await inbound.apply(batch);
        quarantine.note(batch, rejected);
        return this.report(zone, batch, rejected);
      },
      onSynced: () => inbound.adopt(),
      onBeat: (beat) => watch.onBeat(beat),
      refused: () => quarantine.list(),
      digest: (kind) => inbound.digest(kind),
      onDifference: (kind) => log.warn({ zone, kind }, 'what is stored of a zone is not what the zone has; it is asked for anew'),
      send: stream.send,
      onFailure: stream.fail,
    });
    return receivingSession(receiver, watch);
  }

  healthCheck(peer: ZonePeer): Promise<number> {
    return this.options.zones.ping(peer.zone);
  }

  deliveriesReported(peer: ZonePeer, source: DeliverySource): () => void {
    return this.options.convergence.reporting(peer.zone, source);
  }

  streamOpened(name: KdsStreamName, peer: ZonePeer): () => void {
    this.options.zones.streamOpened(peer, name);
    return this.options.bus.hold(streamFact(name, peer.zone), new Date().toISOString());
  }

  private report(zone: string, batch: ReceivedBatch, rejected: readonly Rejection[]): readonly Rejection[] {
    this.options.metrics.received(batch.kind, { stored: batch.resources.length - rejected.length, refused: rejected.length });
    for (const { name, message } of rejected) {
      this.options.log.warn({ zone, kind: batch.kind, name, reason: message }, 'a resource of a zone was refused');
    }
    return rejected;
  }
}
