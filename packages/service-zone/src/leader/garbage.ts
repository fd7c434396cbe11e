import { timestamp } from '@mesh/control-plane/proxies';
import {
  type Clock,
  type Leadership,
  type Logger,
  type Mutation,
  messageOf,
  type Resource,
  type ResourceKey,
  type ResourceView,
} from '@mesh/core';
import type { DataplaneInsightSpec, DiscoverySubscription } from '@mesh/resources';
import { aborted } from './vip-work.js';

export interface GarbageOptions {
  readonly view: ResourceView;
  /** Writes as the leader; returns the revision of the write. */
  readonly write: (mutations: readonly Mutation[], leadership: Leadership) => Promise<number>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly instanceId: string;
  /** Ages after which an offline proxy is removed (`runtime.universal.*CleanupAge`), in milliseconds. */
  readonly dataplaneAgeMs: number;
  readonly zoneProxyAgeMs: number;
  /** A stream of another instance counts as ended after so long without a sign (`metrics.dataplane.idleTimeout`). */
  readonly idleTimeoutMs: number;
  /** Ids of the other instances that live; undefined while that cannot be known. */
  readonly peers: () => ReadonlySet<string> | undefined;
  /** An ingress manager lives: the streams of zone proxies are its business. */
  readonly zoneProxiesServed: () => boolean;
}

const SCAN_MS = 60_000;
const PROXY_KINDS = ['Dataplane', 'ZoneIngress', 'ZoneEgress'] as const;

/**
 * Leader work: removes proxies that have been offline for long (contract/kds.md §6). Not before they had time to come back: where
 * this control plane was away for longer than their age, they were offline for want of it.
 */
export async function collectGarbage(options: GarbageOptions, leadership: Leadership): Promise<void> {
  let scan: NodeJS.Timeout | undefined;
  const gone = goneInstances(options);
  const begin = setTimeout(() => {
    void finaliseForeign(options, leadership);
    scan = setInterval(() => {
      void removeOld(options, leadership);
      void finaliseForeign(options, leadership, gone());
    }, SCAN_MS);
    scan.unref();
  }, options.idleTimeoutMs);
  begin.unref();
  await aborted(leadership.signal);
  clearTimeout(begin);
  clearInterval(scan);
}

/** Tells, each time it is asked, which instances left longer ago than the timeout and have not come back. */
function goneInstances({ peers, clock, idleTimeoutMs }: GarbageOptions): () => ReadonlySet<string> {
  const lastSeen = new Map<string, number>();
  return () => {
    const living = peers();
    const now = clock.now();
    // Whoever cannot be heard may live: the time in which nobody could is not held against anybody.
    for (const id of living ?? lastSeen.keys()) lastSeen.set(id, now);
    return new Set([...lastSeen].filter(([, at]) => now - at >= idleTimeoutMs && idleTimeoutMs > 0).map(([id]) => id));
  };
}

/** Removes what is older than its age allows. */
export async function removeOld(options: GarbageOptions, leadership: Leadership): Promise<void> {
  const old = PROXY_KINDS.flatMap((kind) => offlineSince(options, kind));
  if (old.length === 0) return;
  try {
    await options.write(
      old.map((key) => ({ op: 'delete', key })),
      leadership,
    );
    for (const key of old)
      options.log.info({ proxy: key.name, mesh: key.mesh, kind: key.kind }, 'removed a proxy that was offline for long');
  } catch (error) {
    options.log.warn({ error: messageOf(error) }, 'offline proxies were not removed');
  }
}

function offlineSince({ view, clock, dataplaneAgeMs, zoneProxyAgeMs }: GarbageOptions, kind: (typeof PROXY_KINDS)[number]): ResourceKey[] {
  const ageMs = kind === 'Dataplane' ? dataplaneAgeMs : zoneProxyAgeMs;
  const old: ResourceKey[] = [];
  for (const insight of view.list<DataplaneInsightSpec>(`${kind}Insight`)) {
    const key = { kind, mesh: insight.meta.mesh, name: insight.meta.name };
    const leftMs = disconnectedAt(insight.spec.subscriptions ?? []);
    if (leftMs !== undefined && clock.now() - leftMs > ageMs && isOurs(view.get(key))) old.push(key);
  }
  return old;
}

/** When the last stream ended; undefined while one is open, or where there never was one. */
function disconnectedAt(subscriptions: readonly DiscoverySubscription[]): number | undefined {
  if (subscriptions.length === 0 || subscriptions.some((s) => s.disconnectTime === undefined)) return undefined;
  return Math.max(...subscriptions.map((s) => Date.parse(s.disconnectTime ?? '')));
}

/** Zone proxies of other zones are in our store too: theirs to remove. */
function isOurs(resource: Resource | undefined): boolean {
  return resource !== undefined && resource.meta.labels['kuma.io/origin'] !== 'global';
}

/**
 * Ends streams that other instances left open: all of them, or those that are gone. An instance that still lives puts its
 * own back at once (`ProxyInsight.reassert`).
 */
export async function finaliseForeign(options: GarbageOptions, leadership: Leadership, gone?: ReadonlySet<string>): Promise<void> {
  if (gone?.size === 0) return;
  const { view, clock, instanceId } = options;
  const now = timestamp(clock.now());
  const mutations: Mutation[] = [];
  for (const kind of options.zoneProxiesServed() ? (['Dataplane'] as const) : PROXY_KINDS) {
    for (const insight of view.list<DataplaneInsightSpec>(`${kind}Insight`)) {
      const owner = { kind, mesh: insight.meta.mesh, name: insight.meta.name };
      const isStale = ({ disconnectTime, controlPlaneInstanceId: id = '' }: DiscoverySubscription) =>
        disconnectTime === undefined && id !== instanceId && (gone?.has(id) ?? true);
      const subscriptions = insight.spec.subscriptions ?? [];
      if (!subscriptions.some(isStale) || !isOurs(view.get(owner))) continue;
      const spec = { ...insight.spec, subscriptions: subscriptions.map((s) => (isStale(s) ? { ...s, disconnectTime: now } : s)) };
      mutations.push({ op: 'update', draft: { ...owner, kind: insight.kind, labels: insight.meta.labels, spec, owner } });
    }
  }
  if (mutations.length === 0) return;
  await options.write(mutations, leadership).catch((error: unknown) => {
    options.log.warn({ error: messageOf(error) }, 'streams of former instances were not ended');
  });
}
