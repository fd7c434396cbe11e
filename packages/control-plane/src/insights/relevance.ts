import { type DescriptorRegistry, jsonEqual, type Resource, TAG_SERVICE, TAG_ZONE, type ViewChange } from '@mesh/core';
import type { DataplaneInsightSpec, DataplaneSpec } from '@mesh/resources';
import { isConnected, readinessOf } from './proxy-status.js';

/** Whether a change may alter the insights of a mesh: creations and removals do, updates only where the insights look inside. */
export function matters(registry: DescriptorRegistry, change: ViewChange): boolean {
  const { kind } = change.key;
  if (kind === 'DataplaneInsight') return !jsonEqual(countedOf(change.before), countedOf(change.after));
  if (kind === 'Dataplane') return !jsonEqual(offeredBy(change.before), offeredBy(change.after));
  if (kind === 'ExternalService' || kind === 'Mesh') return true;
  const descriptor = registry.get(kind);
  if (descriptor?.scope !== 'Mesh' || descriptor.isInsight) return false;
  return change.op === 'delete' || change.before === undefined;
}

/** What is counted of a proxy; its own counters of messages move with every push and are not. */
function countedOf(insight: Resource | undefined): unknown[] {
  if (!insight) return [];
  const spec = insight.spec as DataplaneInsightSpec;
  const { kumaDp, envoy } = spec.subscriptions?.at(-1)?.version ?? {};
  const { issuedBackend = null, supportedBackends = [] } = spec.mTLS ?? {};
  return [isConnected(spec), kumaDp?.version ?? null, envoy?.version ?? null, issuedBackend, [...supportedBackends]];
}

/** What is counted of a dataplane: addresses and ports, which move with every restart of an instance, are not. */
function offeredBy(dataplane: Resource | undefined): unknown[] {
  if (!dataplane) return [];
  const spec = dataplane.spec as DataplaneSpec;
  const { gateway, inbound = [] } = spec.networking ?? {};
  const named = (tags: Readonly<Record<string, string>> | undefined) => [tags?.[TAG_SERVICE] ?? null, tags?.[TAG_ZONE] ?? null];
  const offers = inbound.filter(({ state }) => state !== 'Ignored').map(({ tags }) => named(tags));
  return [gateway ? [gateway.type ?? null, ...named(gateway.tags)] : null, offers, readinessOf(spec)];
}
