import { type Resource, type ResourceView, TAG_SERVICE, TAG_ZONE } from '@mesh/core';
import type {
  DataplaneInsightSpec,
  DataplaneSpec,
  ExternalServiceSpec,
  MeshSpec,
  ServiceInsightService,
  ServiceInsightSpec,
  ServiceType,
} from '@mesh/resources';
import { dataplaneStatus } from './proxy-status.js';
import { allAtOnce, type Steps } from './steps.js';

/** Name of the one ServiceInsight of a mesh. */
export function serviceInsightName(mesh: string): string {
  return `all-services-${mesh}`;
}

interface Tally {
  readonly type: ServiceType;
  online: number;
  offline: number;
  readonly issuedBackends: Map<string, number>;
  readonly zones: Set<string>;
}

/**
 * State of all services of a mesh (contract/kds.md §6). Partially degraded proxies count as offline;
 * totals and addresses of internal services are filled where the API reads them.
 */
export function computeServiceInsight(view: ResourceView, mesh: string): ServiceInsightSpec {
  return allAtOnce(serviceInsightInSteps(view, mesh));
}

/** The same, with a step for each proxy. */
export function* serviceInsightInSteps(view: ResourceView, mesh: string): Steps<ServiceInsightSpec> {
  const exclusive = view.find<MeshSpec>('Mesh', '', mesh)?.spec.meshServices?.mode === 'Exclusive';
  const tallies = new Map<string, Tally>();
  for (const dataplane of view.list<DataplaneSpec>('Dataplane', mesh)) {
    const insight = view.find<DataplaneInsightSpec>('DataplaneInsight', mesh, dataplane.meta.name);
    addDataplane(tallies, { dataplane, insight, exclusive });
    yield;
  }
  const services: Record<string, ServiceInsightService> = {};
  for (const [name, tally] of [...tallies].sort(byName)) services[name] = fromTally(tally);
  if (!exclusive) {
    for (const external of view.listSorted<ExternalServiceSpec>('ExternalService', mesh)) addExternal(services, external);
  }
  return Object.keys(services).length > 0 ? { services } : {};
}

interface Proxy {
  readonly dataplane: Resource<DataplaneSpec>;
  readonly insight: Resource<DataplaneInsightSpec> | undefined;
  readonly exclusive: boolean;
}

function addDataplane(tallies: Map<string, Tally>, proxy: Proxy): void {
  const { networking } = proxy.dataplane.spec;
  const gateway = networking?.gateway;
  if (gateway) {
    const type = gateway.type === 'BUILTIN' ? 'gateway_builtin' : 'gateway_delegated';
    if (!proxy.exclusive || type === 'gateway_delegated') addTags(tallies, proxy, { tags: gateway.tags, type });
    return;
  }
  if (proxy.exclusive) return;
  for (const inbound of networking?.inbound ?? []) {
    if (inbound.state !== 'Ignored') addTags(tallies, proxy, { tags: inbound.tags, type: 'internal' });
  }
}

function addTags(
  tallies: Map<string, Tally>,
  proxy: Proxy,
  entry: { readonly tags: Readonly<Record<string, string>> | undefined; readonly type: ServiceType },
): void {
  const service = entry.tags?.[TAG_SERVICE];
  if (!service) return;
  const tally = tallies.get(service) ?? { type: entry.type, online: 0, offline: 0, issuedBackends: new Map(), zones: new Set() };
  tallies.set(service, tally);
  if (dataplaneStatus(proxy.dataplane, proxy.insight) === 'online') tally.online++;
  else tally.offline++;
  const backend = proxy.insight?.spec.mTLS?.issuedBackend;
  if (backend) tally.issuedBackends.set(backend, (tally.issuedBackends.get(backend) ?? 0) + 1);
  const zone = entry.tags?.[TAG_ZONE];
  if (zone) tally.zones.add(zone);
}

function fromTally(tally: Tally): ServiceInsightService {
  const { online, offline, type } = tally;
  return {
    status: online === 0 ? 'offline' : offline === 0 ? 'online' : 'partially_degraded',
    dataplanes: { ...(online ? { online } : {}), ...(offline ? { offline } : {}) },
    ...(tally.issuedBackends.size > 0 ? { issuedBackends: Object.fromEntries([...tally.issuedBackends].sort(byName)) } : {}),
    ...(type !== 'internal' ? { serviceType: type } : {}),
    ...(tally.zones.size > 0 ? { zones: [...tally.zones].sort() } : {}),
  };
}

function addExternal(services: Record<string, ServiceInsightService>, external: Resource<ExternalServiceSpec>): void {
  const service = external.spec.tags?.[TAG_SERVICE];
  const addressPort = external.spec.networking?.address;
  if (!service || services[service]) return;
  services[service] = { status: 'not_available', dataplanes: {}, serviceType: 'external', ...(addressPort ? { addressPort } : {}) };
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
