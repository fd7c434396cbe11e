import { setImmediate as nextTurn } from 'node:timers/promises';
import { BEAT_MS, CONTROL_PLANE_AUTHOR, type Instance, type ZoneSubscription, type ZoneSubscriptions } from '@mesh/control-plane';
import { type Clock, type Logger, MeshError, messageOf, type ResourceStore, type ResourceView } from '@mesh/core';
import type { KdsStreamName, ZonePeer } from '@mesh/grpc';
import { FEATURE_ZONE_PING } from '@mesh/kds';
import type { KdsStream, ZoneInsightSpec } from '@mesh/resources';

export interface ZoneLifeOptions {
  readonly store: ResourceStore;
  /** Follows the store. */
  readonly view: ResourceView;
  readonly instance: Instance;
  readonly subscriptions: ZoneSubscriptions;
  readonly clock: Clock;
  /** `zoneHealthCheck` of the configuration; a timeout of 0 switches it off. */
  readonly healthCheck: { readonly pollIntervalMs: number; readonly timeoutMs: number };
  /** Ends all streams of a zone. */
  readonly disconnect: (zone: string, reason: string) => void;
  readonly log: Logger;
}

/** Fields of the old `envoyAdminStreams` by stream. */
const LEGACY_FIELD: Partial<Record<KdsStreamName, keyof NonNullable<ZoneInsightSpec['envoyAdminStreams']>>> = {
  configDump: 'configDumpGlobalInstanceId',
  stats: 'statsGlobalInstanceId',
  clusters: 'clustersGlobalInstanceId',
};

/** Makes zones known when they connect, and notes their signs of life (contract/kds.md §5). */
export class ZoneLife {
  private readonly live = new Set<ZoneSubscription>();
  /** Last sign of life of zones that promised to ping. */
  private readonly lastSeen = new Map<string, number>();
  private lookedAt = 0;
  private readonly opened = new Map<string, Map<KdsStreamName, KdsStream>>();
  private readonly creating = new Map<string, Promise<void>>();
  /** What is being noted of zones whose streams opened or ended. */
  private readonly writing = new Set<Promise<void>>();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(private readonly options: ZoneLifeOptions) {}

  /** Starts the beats and, where configured, the watch over silent zones. */
  start(): void {
    // One instance with its own memory needs no proof of life towards others.
    if (this.options.store.type !== 'memory') {
      this.timers.push(
        setInterval(() => {
          for (const subscription of this.live) subscription.beat();
        }, BEAT_MS),
      );
    }
    const { pollIntervalMs, timeoutMs } = this.options.healthCheck;
    this.lookedAt = this.options.clock.now();
    if (pollIntervalMs > 0 && timeoutMs > 0) this.timers.push(setInterval(() => this.endSilent(), pollIntervalMs));
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /** Creates the Zone at its first contact. */
  async ensure(zone: string): Promise<void> {
    // All streams of a zone come at once, and so may all zones: the view tells without a connection to the store.
    if (this.options.view.get({ kind: 'Zone', mesh: '', name: zone })) return;
    let creating = this.creating.get(zone);
    if (!creating) {
      creating = this.create(zone).finally(() => this.creating.delete(zone));
      this.creating.set(zone, creating);
    }
    await creating;
  }

  private async create(zone: string): Promise<void> {
    const { store, log } = this.options;
    const key = { kind: 'Zone', mesh: '', name: zone };
    try {
      await store.transact([{ op: 'create', draft: { ...key, spec: { enabled: true } } }], { author: CONTROL_PLANE_AUTHOR });
      log.info({ zone }, 'zone created');
    } catch (error) {
      if (!MeshError.is(error, 'already_exists')) throw error;
    }
  }

  /** Proves a subscription alive until it is closed. */
  track(subscription: ZoneSubscription): void {
    this.live.add(subscription);
  }

  /** The stream of a subscription ended. */
  async close(subscription: ZoneSubscription): Promise<void> {
    this.live.delete(subscription);
    await this.whileWriting(subscription.close());
  }

  /** Resolves when all zones whose streams ended are marked offline. */
  async settle(): Promise<void> {
    while (this.writing.size > 0) await Promise.allSettled(this.writing);
  }

  private async whileWriting(work: Promise<void>): Promise<void> {
    this.writing.add(work);
    try {
      await work;
    } finally {
      this.writing.delete(work);
    }
  }

  /** A ping; returns when the next is wanted, in ms. */
  async ping(zone: string): Promise<number> {
    const now = this.options.clock.now();
    if (this.lastSeen.has(zone)) this.lastSeen.set(zone, now);
    const time = new Date(now).toISOString();
    await this.options.subscriptions.update(zone, (spec) => ({ ...spec, healthCheck: { time } }));
    return this.options.healthCheck.pollIntervalMs;
  }

  /** Notes on which instance a stream of a zone is; streams that open together are one write. */
  streamOpened(peer: ZonePeer, name: KdsStreamName): void {
    const { zone } = peer;
    if (peer.features.has(FEATURE_ZONE_PING)) this.lastSeen.set(zone, this.options.clock.now());
    const waiting = this.opened.get(zone);
    const streams = waiting ?? new Map<KdsStreamName, KdsStream>();
    const connectTime = new Date(this.options.clock.now()).toISOString();
    streams.set(name, { globalInstanceId: this.options.instance.id, connectTime });
    if (waiting) return;
    this.opened.set(zone, streams);
    const noted = nextTurn().then(() => {
      this.opened.delete(zone);
      return this.writeStreams(zone, streams);
    });
    this.whileWriting(noted).catch((error: unknown) => {
      this.options.log.warn({ zone, err: messageOf(error) }, 'the streams of a zone could not be noted');
    });
  }

  private async writeStreams(zone: string, streams: ReadonlyMap<KdsStreamName, KdsStream>): Promise<void> {
    await this.ensure(zone);
    await this.options.subscriptions.update(zone, (spec) => {
      const legacy = [...streams].flatMap(([name, stream]) => (LEGACY_FIELD[name] ? [[LEGACY_FIELD[name], stream.globalInstanceId]] : []));
      return {
        ...spec,
        kdsStreams: { ...spec.kdsStreams, ...Object.fromEntries(streams) },
        envoyAdminStreams: { ...spec.envoyAdminStreams, ...Object.fromEntries(legacy) },
      };
    });
  }

  private endSilent(): void {
    const { pollIntervalMs, timeoutMs } = this.options.healthCheck;
    const now = this.options.clock.now();
    // This process stood still itself: what came meanwhile has not been read yet.
    if (now - this.lookedAt > pollIntervalMs + timeoutMs / 2) for (const zone of this.lastSeen.keys()) this.lastSeen.set(zone, now);
    this.lookedAt = now;
    const oldest = now - timeoutMs;
    for (const [zone, seen] of this.lastSeen) {
      if (seen >= oldest) continue;
      this.lastSeen.delete(zone);
      this.options.log.warn({ zone }, 'a zone fell silent; its streams are ended');
      this.options.disconnect(zone, 'no health check arrived in time');
    }
  }
}
