import type { Resource, ViewChange } from '@mesh/core';
import type { DataplaneSpec } from '@mesh/resources';
import { inboundsOf } from '@mesh/xds';

/** Kinds whose changes may ask for a VIP. */
const SOURCE_KINDS: ReadonlySet<string> = new Set(['Mesh', 'Dataplane', 'ZoneIngress', 'ExternalService', 'Config']);

/**
 * Whether a change may ask for another set of VIPs. Addresses and ports of dataplanes move all the time and ask for none:
 * only the services of their inbounds do, and of those that come only the ones that nobody offered before.
 * @param covered whether somebody offered a service of a mesh when VIPs were given last.
 */
export function mayNeedVips({ key, before, after }: ViewChange, covered: (mesh: string, service: string) => boolean): boolean {
  if (!SOURCE_KINDS.has(key.kind)) return false;
  if (key.kind !== 'Dataplane' || !after) return true;
  const now = servicesOf(after);
  const gone = before !== undefined && servicesOf(before).some((service) => !now.includes(service));
  return gone || now.some((service) => !covered(key.mesh, service));
}

function servicesOf(dataplane: Resource): string[] {
  const services = inboundsOf(dataplane as unknown as Resource<DataplaneSpec>).map(({ service }) => service);
  return services.filter((service) => service !== '');
}
