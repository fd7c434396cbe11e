import { type ResourceView, TAG_SERVICE, TAG_ZONE } from '@mesh/core';
import { type AvailableService, type DataplaneSpec, type ExternalServiceSpec, enabledBackend, type MeshSpec } from '@mesh/resources';
import { inboundsOf } from '../context/inbounds.js';
import { sortTags, tagsKey } from '../model/tags.js';

/**
 * What the ingresses of a zone offer to other zones (contract/dataplane.md §4): healthy inbounds of
 * all meshes, counted per tag set, and external services tied to the zone where an egress takes
 * them. Ordered by mesh, then tags.
 */
export function computeAvailableServices(view: ResourceView, zone: string): AvailableService[] {
  const counted: Counted = new Map();
  for (const mesh of view.list<MeshSpec>('Mesh')) {
    if (mesh.spec.meshServices?.mode === 'Exclusive') continue;
    countInbounds(counted, view, mesh.meta.name);
    if (mesh.spec.routing?.zoneEgress && enabledBackend(mesh.spec)) countExternal(counted, view, { mesh: mesh.meta.name, zone });
  }
  return [...counted.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, service]) => service);
}

function countInbounds(counted: Counted, view: ResourceView, mesh: string): void {
  for (const dataplane of view.list<DataplaneSpec>('Dataplane', mesh)) {
    for (const inbound of inboundsOf(dataplane)) {
      if (inbound.healthy && inbound.service !== '') count(counted, { tags: inbound.tags, mesh });
    }
  }
}

function countExternal(counted: Counted, view: ResourceView, { mesh, zone }: { readonly mesh: string; readonly zone: string }): void {
  for (const external of view.list<ExternalServiceSpec>('ExternalService', mesh)) {
    const tags = external.spec.tags ?? {};
    if (tags[TAG_ZONE] === zone && tags[TAG_SERVICE]) count(counted, { tags, mesh, externalService: true });
  }
}

type Counted = Map<string, AvailableService & { instances: number }>;

function count(counted: Counted, service: AvailableService): void {
  const key = `${service.mesh}/${tagsKey(service.tags ?? {})}/${service.externalService ? 1 : 0}`;
  const known = counted.get(key);
  counted.set(key, { ...service, tags: sortTags(service.tags ?? {}), instances: (known?.instances ?? 0) + 1 });
}
