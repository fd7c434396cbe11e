import type { Resource } from '@mesh/core';
import type { DataplaneInsightSpec, DataplaneSpec } from '@mesh/resources';

export type ProxyStatus = 'online' | 'offline' | 'partially_degraded';

/** Whether any stream of the proxy is open. */
export function isConnected(insight: { readonly subscriptions?: DataplaneInsightSpec['subscriptions'] } | undefined): boolean {
  return (insight?.subscriptions ?? []).some((s) => s.connectTime !== undefined && s.disconnectTime === undefined);
}

/** Status of a dataplane as the API shows it (contract/kds.md §6). */
export function dataplaneStatus(dataplane: Resource<DataplaneSpec>, insight: Resource<DataplaneInsightSpec> | undefined): ProxyStatus {
  const connected = isConnected(insight?.spec);
  if (dataplane.spec.networking?.gateway) return connected ? 'online' : 'offline';
  const ready = readinessOf(dataplane.spec);
  if (!connected || !ready.includes(true)) return 'offline';
  return ready.includes(false) ? 'partially_degraded' : 'online';
}

/** Of each inbound and listener that counts, whether it takes traffic. */
export function readinessOf({ networking }: DataplaneSpec): boolean[] {
  return [
    ...(networking?.inbound ?? []).filter((i) => i.state !== 'Ignored').map((i) => i.health?.ready !== false && i.state !== 'NotReady'),
    ...(networking?.listeners ?? []).map((l) => l.state !== 'NotReady'),
  ];
}
