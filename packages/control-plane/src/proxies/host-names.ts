import { isIP } from 'node:net';
import type { Resource, ResourceView, ViewChange } from '@mesh/core';
import type { DataplaneSpec, ZoneEgressSpec, ZoneIngressSpec } from '@mesh/resources';

const PROXY_KINDS: ReadonlySet<string> = new Set(['Dataplane', 'ZoneIngress', 'ZoneEgress']);

/** Addresses of proxies that are DNS names, from the whole view. */
export function hostNames(view: ResourceView): string[] {
  return [...PROXY_KINDS].flatMap((kind) => view.list(kind).flatMap(namesOf));
}

/** Whether a change brings or takes a proxy whose address is a DNS name. */
export function hasHostName({ key, before, after }: ViewChange): boolean {
  if (!PROXY_KINDS.has(key.kind)) return false;
  return [before, after].some((resource) => resource !== undefined && namesOf(resource).length > 0);
}

function namesOf(resource: Resource): string[] {
  const { networking } = resource.spec as DataplaneSpec & ZoneIngressSpec & ZoneEgressSpec;
  return [networking?.address, networking?.advertisedAddress].filter((address): address is string => !!address && isIP(address) === 0);
}
