import type { DiscoverySubscription, DiscoverySubscriptionStatus, ProxyVersion } from '@mesh/resources';

/** Types that have counters of their own in a subscription. */
const STAT_OF_TYPE: Readonly<Record<string, 'cds' | 'eds' | 'lds' | 'rds'>> = {
  'type.googleapis.com/envoy.config.cluster.v3.Cluster': 'cds',
  'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment': 'eds',
  'type.googleapis.com/envoy.config.listener.v3.Listener': 'lds',
  'type.googleapis.com/envoy.config.route.v3.RouteConfiguration': 'rds',
};

export type DiscoveryEvent = 'responsesSent' | 'responsesAcknowledged' | 'responsesRejected';

type Counters = Record<DiscoveryEvent, number>;

export interface SubscriptionStart {
  readonly id: string;
  readonly instanceId: string;
  readonly version: ProxyVersion;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One xDS stream of a proxy, as it goes into the proxy's insight (contract/dataplane.md §2.3). */
export class StreamSubscription {
  private readonly counters: Record<string, Counters> = { total: none() };
  private lastUpdateMs: number | undefined;
  private disconnectMs: number | undefined;

  constructor(private readonly start: SubscriptionStart) {}

  get id(): string {
    return this.start.id;
  }

  count(event: DiscoveryEvent, typeUrl: string, now: number): void {
    this.lastUpdateMs = now;
    for (const name of ['total', STAT_OF_TYPE[typeUrl]]) {
      if (name === undefined) continue;
      const counters = this.counters[name] ?? none();
      counters[event] += 1;
      this.counters[name] = counters;
    }
  }

  close(now: number): void {
    this.disconnectMs ??= now;
  }

  /** The subscription as protobuf JSON: zero counters are left out. */
  toSpec(): DiscoverySubscription {
    const status: Record<string, unknown> = {};
    if (this.lastUpdateMs !== undefined) status.lastUpdateTime = timestamp(this.lastUpdateMs);
    for (const name of ['total', 'cds', 'eds', 'lds', 'rds']) status[name] = print(this.counters[name] ?? none());
    return {
      id: this.start.id,
      controlPlaneInstanceId: this.start.instanceId,
      connectTime: timestamp(this.start.now),
      ...(this.disconnectMs === undefined ? {} : { disconnectTime: timestamp(this.disconnectMs) }),
      status: status as DiscoverySubscriptionStatus,
      version: this.start.version,
    };
  }
}

/** Ends subscriptions a former stream or a former process left open, and keeps the newest ones. */
export function closedSubscriptions(earlier: readonly DiscoverySubscription[], keepMax: number, now: number): DiscoverySubscription[] {
  const closed = earlier.map((s) => (s.disconnectTime === undefined ? { ...s, disconnectTime: timestamp(now) } : s));
  return keepMax > 0 ? closed.slice(-keepMax) : [];
}

/** RFC 3339 in UTC. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

function none(): Counters {
  return { responsesSent: 0, responsesAcknowledged: 0, responsesRejected: 0 };
}

function print(counters: Counters): Record<string, string> {
  return Object.fromEntries(
    Object.entries(counters)
      .filter(([, n]) => n > 0)
      .map(([name, n]) => [name, String(n)]),
  );
}
