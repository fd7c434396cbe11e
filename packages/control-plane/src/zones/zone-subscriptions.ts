import { randomUUID } from 'node:crypto';
import { type Clock, type Logger, messageOf, type ResourceStore, VERSION } from '@mesh/core';
import type { PeerNode, SenderEvents } from '@mesh/kds';
import type { KdsServiceStats, KdsSubscription } from '@mesh/resources';
import { Coalescer } from '../coalesce.js';
import { putSubscription, zoneVersion } from './zone-insight.js';
import { type ZoneInsightChange, ZoneInsightWrites } from './zone-insight-writes.js';

export interface ZoneSubscriptionsOptions {
  readonly store: ResourceStore;
  readonly clock: Clock;
  /** Subscriptions kept per zone (KUMA_METRICS_ZONE_SUBSCRIPTION_LIMIT). */
  readonly limit: number;
  /** Counters are written at most this often; opening and closing at once. */
  readonly flushIntervalMs: number;
  readonly log: Logger;
}

export interface OpenSubscription {
  readonly zone: string;
  readonly globalInstanceId: string;
  /** What the zone said of itself; on the zone's own mirror, the zone itself. */
  readonly node: PeerNode;
  readonly authTokenProvided: boolean;
}

/** Writes ZoneInsights: what the global knows of its zones, and a zone of itself (contract/kds.md §5). */
export class ZoneSubscriptions {
  private readonly writes: ZoneInsightWrites;

  constructor(private readonly options: ZoneSubscriptionsOptions) {
    this.writes = new ZoneInsightWrites(options.store);
  }

  /** A stream opened: the zone is online from now on. */
  open(subscription: OpenSubscription): ZoneSubscription {
    return new ZoneSubscription({ ...this.options, writes: this.writes }, subscription);
  }

  /** Changes a ZoneInsight, or makes it; nothing where the Zone does not exist. */
  update(zone: string, change: ZoneInsightChange): Promise<void> {
    return this.writes.update(zone, change);
  }
}

interface Counters {
  sent: bigint;
  acknowledged: bigint;
  rejected: bigint;
}

/** One subscription of one zone, from the opening of its stream to its end. */
export class ZoneSubscription implements SenderEvents {
  private readonly id = randomUUID();
  private readonly connectTime: string;
  private readonly counters = new Map<string, Counters>();
  private readonly flusher: Coalescer;
  private lastUpdateTime: string | undefined;
  private disconnectTime: string | undefined;
  private generation = 0;

  constructor(
    private readonly options: Omit<ZoneSubscriptionsOptions, 'store'> & { readonly writes: ZoneInsightWrites },
    private readonly opened: OpenSubscription,
  ) {
    this.connectTime = this.now();
    const onError = (error: unknown): void => {
      options.log.warn({ zone: opened.zone, err: messageOf(error) }, 'a zone insight could not be written');
    };
    this.flusher = new Coalescer({ intervalMs: options.flushIntervalMs, work: () => this.flush(), onError });
    this.flusher.trigger();
  }

  readonly onSent = (kind: string): void => this.count(kind, 'sent');
  readonly onAcknowledged = (kind: string): void => this.count(kind, 'acknowledged');
  readonly onRejected = (kind: string): void => this.count(kind, 'rejected');

  /** Shows that this instance lives; see closeAbandonedSubscriptions. */
  beat(): void {
    this.generation++;
    this.flusher.trigger();
  }

  /** The stream ended: the zone is offline once this resolves, unless it has another subscription. */
  async close(): Promise<void> {
    this.disconnectTime = this.now();
    await this.flusher.stop();
    await this.flush();
  }

  private count(kind: string, what: keyof Counters): void {
    const counters = this.counters.get(kind) ?? { sent: 0n, acknowledged: 0n, rejected: 0n };
    this.counters.set(kind, counters);
    counters[what]++;
    this.lastUpdateTime = this.now();
    this.flusher.trigger();
  }

  private async flush(): Promise<void> {
    const { limit, writes } = this.options;
    await writes.update(this.opened.zone, (spec) => putSubscription(spec, this.subscription(), { limit, now: this.now() }));
  }

  private subscription(): KdsSubscription {
    const { node, globalInstanceId, authTokenProvided } = this.opened;
    const total = [...this.counters.values()].reduce(addCounters, { sent: 0n, acknowledged: 0n, rejected: 0n });
    const stat = [...this.counters].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([kind, counters]) => [kind, toStats(counters)]);
    return {
      id: this.id,
      globalInstanceId,
      connectTime: this.connectTime,
      ...(this.disconnectTime ? { disconnectTime: this.disconnectTime } : {}),
      status: {
        ...(this.lastUpdateTime ? { lastUpdateTime: this.lastUpdateTime } : {}),
        total: toStats(total),
        ...(stat.length > 0 ? { stat: Object.fromEntries(stat) as Record<string, KdsServiceStats> } : {}),
      },
      version: zoneVersion(node.version, VERSION),
      ...(this.generation > 0 ? { generation: this.generation } : {}),
      config: node.config,
      ...(authTokenProvided ? { authTokenProvided } : {}),
      zoneInstanceId: node.instanceId,
    };
  }

  private now(): string {
    return new Date(this.options.clock.now()).toISOString();
  }
}

function addCounters(a: Counters, b: Counters): Counters {
  return { sent: a.sent + b.sent, acknowledged: a.acknowledged + b.acknowledged, rejected: a.rejected + b.rejected };
}

/** 64-bit numbers are texts in protobuf JSON; zeroes are left out. */
function toStats(counters: Counters): KdsServiceStats {
  return {
    ...(counters.sent ? { responsesSent: String(counters.sent) } : {}),
    ...(counters.acknowledged ? { responsesAcknowledged: String(counters.acknowledged) } : {}),
    ...(counters.rejected ? { responsesRejected: String(counters.rejected) } : {}),
  };
}
