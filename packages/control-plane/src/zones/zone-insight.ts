import type { KdsSubscription, KumaCpVersion, ZoneInsightSpec } from '@mesh/resources';

/** Online: any subscription is open (contract/kds.md §5). */
export function isZoneOnline(insight: ZoneInsightSpec | undefined): boolean {
  return (insight?.subscriptions ?? []).some((s) => s.connectTime !== undefined && s.disconnectTime === undefined);
}

export interface PutSubscriptionOptions {
  /** Subscriptions kept; the oldest go first. 0 keeps none. */
  readonly limit: number;
  /** RFC 3339. */
  readonly now: string;
}

/** Adds or replaces a subscription; a new one closes all that are still open. */
export function putSubscription(spec: ZoneInsightSpec, subscription: KdsSubscription, options: PutSubscriptionOptions): ZoneInsightSpec {
  const { limit, now } = options;
  const subscriptions = spec.subscriptions ?? [];
  const known = subscriptions.some((s) => s.id === subscription.id);
  const next = known
    ? subscriptions.map((s) => (s.id === subscription.id ? { ...subscription, ...keepDisconnect(s) } : s))
    : [...subscriptions.map((s) => closeSubscription(s, now)), subscription];
  return { ...spec, subscriptions: limit > 0 ? next.slice(-limit) : [] };
}

/** A subscription that somebody else closed stays closed. */
function keepDisconnect(stored: KdsSubscription): Pick<KdsSubscription, 'disconnectTime'> {
  return stored.disconnectTime !== undefined ? { disconnectTime: stored.disconnectTime } : {};
}

/** Sets `disconnectTime` where there is none. */
export function closeSubscription(subscription: KdsSubscription, now: string): KdsSubscription {
  return subscription.disconnectTime !== undefined ? subscription : { ...subscription, disconnectTime: now };
}

/** Whether a zone of one version works with a global of another: same major, minors at most two apart; unreadable ones do. */
export function isCompatible(zone: string, global: string): boolean {
  const a = parse(zone);
  const b = parse(global);
  if (!a || !b) return true;
  return a.major === b.major && Math.abs(a.minor - b.minor) <= 2;
}

/** The version of a zone as its insight shows it. */
export function zoneVersion(version: Omit<KumaCpVersion, 'kumaCpGlobalCompatible'>, global: string): { readonly kumaCp: KumaCpVersion } {
  return { kumaCp: { ...version, kumaCpGlobalCompatible: isCompatible(version.version ?? '', global) } };
}

function parse(version: string): { major: number; minor: number } | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(version);
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}
