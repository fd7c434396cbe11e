import { jsonEqual, type Resource, type ViewChange } from '@mesh/core';
import type { DataplaneSpec } from '@mesh/resources';
import { inboundsOf } from '@mesh/xds';

/** Kinds whose changes may ask for a VIP. */
const SOURCE_KINDS: ReadonlySet<string> = new Set(['Mesh', 'Dataplane', 'ZoneIngress', 'ExternalService', 'Config']);

/**
 * Whether a change may ask for another set of VIPs. Addresses and ports of dataplanes move all the time and ask for none:
 * only the services of their inbounds do.
 */
export function mayNeedVips({ key, before, after }: ViewChange): boolean {
  if (!SOURCE_KINDS.has(key.kind)) return false;
  if (key.kind !== 'Dataplane' || !before || !after) return true;
  return !jsonEqual(servicesOf(before), servicesOf(after));
}

function servicesOf(dataplane: Resource): string[] {
  return inboundsOf(dataplane as unknown as Resource<DataplaneSpec>).map(({ service }) => service);
}
