import type { DiscoveryServiceStats } from '@mesh/resources';

/** What subscriptions of zones and of proxies have in common. */
interface Subscription {
  readonly connectTime?: string;
  readonly disconnectTime?: string;
  readonly status?: { readonly lastUpdateTime?: string; readonly total?: DiscoveryServiceStats };
}

/** Counters and times of all streams a zone or proxy had. */
export interface StreamSummary<S extends Subscription> {
  readonly online: boolean;
  readonly last: S | undefined;
  readonly connectTime: string | undefined;
  readonly updateTime: string | undefined;
  readonly updates: string;
  readonly errors: string;
}

/** Sums up the subscriptions of an insight. */
export function summarize<S extends Subscription>(subscriptions: readonly S[] = []): StreamSummary<S> {
  const last = subscriptions.at(-1);
  const sum = (field: 'responsesSent' | 'responsesRejected'): string =>
    subscriptions.reduce((total, { status }) => total + BigInt(status?.total?.[field] ?? '0'), 0n).toString();
  return {
    online: subscriptions.some(({ connectTime, disconnectTime }) => connectTime && !disconnectTime),
    last,
    connectTime: last?.connectTime,
    updateTime: last?.status?.lastUpdateTime,
    updates: sum('responsesSent'),
    errors: sum('responsesRejected'),
  };
}

/** `Online` or `Offline`. */
export function onlineText(online: boolean): string {
  return online ? 'Online' : 'Offline';
}
