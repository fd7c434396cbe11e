import type { DescriptorRegistry, Resource, ResourceView } from '@mesh/core';
import type { DataplaneInsightSpec, DataplaneSpec, DataplaneStat, MeshInsightSpec, MeshSpec, ServiceInsightSpec } from '@mesh/resources';
import { dataplaneStatus, type ProxyStatus } from './proxy-status.js';
import { allAtOnce, type Steps } from './steps.js';

class Stat {
  private readonly counts = { online: 0, offline: 0, partially_degraded: 0 };
  private total = 0;

  add(status: ProxyStatus): void {
    this.counts[status]++;
    this.total++;
  }

  /** Zeroes are left out, as protobuf JSON does. `total`: all, or only online and offline where Kuma counts so. */
  toJson(total: 'all' | 'connected' = 'all'): DataplaneStat {
    const { online, offline, partially_degraded } = this.counts;
    const sum = total === 'all' ? this.total : online + offline;
    return {
      ...(sum ? { total: sum } : {}),
      ...(online ? { online } : {}),
      ...(offline ? { offline } : {}),
      ...(partially_degraded ? { partiallyDegraded: partially_degraded } : {}),
    };
  }
}

export interface MeshInsightInput {
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  readonly mesh: string;
  /** The insight of the services of the mesh, as it is now or is about to be written. */
  readonly services: ServiceInsightSpec;
}

/** Counters of a mesh (contract/kds.md §6). */
export function computeMeshInsight(input: MeshInsightInput): MeshInsightSpec {
  return allAtOnce(meshInsightInSteps(input));
}

/** The same, with a step for each proxy. */
export function* meshInsightInSteps({ view, registry, mesh, services }: MeshInsightInput): Steps<MeshInsightSpec> {
  const proxies = yield* countProxies(view, mesh);
  const { policies, resources } = countResources(view, registry, mesh);
  const exclusive = view.find<MeshSpec>('Mesh', '', mesh)?.spec.meshServices?.mode === 'Exclusive';
  return {
    dataplanes: proxies.all.toJson(),
    ...(Object.keys(policies).length > 0 ? { policies } : {}),
    dpVersions: { kumaDp: statMap(proxies.kumaDp), envoy: statMap(proxies.envoy) },
    mTLS: { issuedBackends: statMap(proxies.issued), supportedBackends: statMap(proxies.supported) },
    ...(exclusive ? {} : { services: countServices(services) }),
    dataplanesByType: {
      standard: proxies.standard.toJson(),
      gateway: proxies.gateway.toJson(),
      gatewayBuiltin: proxies.builtin.toJson(),
      gatewayDelegated: proxies.delegated.toJson(),
    },
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
  };
}

function* countProxies(view: ResourceView, mesh: string) {
  const counted = {
    all: new Stat(),
    standard: new Stat(),
    gateway: new Stat(),
    builtin: new Stat(),
    delegated: new Stat(),
    kumaDp: new Map<string, Stat>(),
    envoy: new Map<string, Stat>(),
    issued: new Map<string, Stat>(),
    supported: new Map<string, Stat>(),
  };
  for (const dataplane of view.list<DataplaneSpec>('Dataplane', mesh)) {
    const insight = view.find<DataplaneInsightSpec>('DataplaneInsight', mesh, dataplane.meta.name);
    const status = dataplaneStatus(dataplane, insight);
    counted.all.add(status);
    for (const stat of statsOfType(dataplane, counted)) stat.add(status);
    const version = insight?.spec.subscriptions?.at(-1)?.version;
    addTo(counted.kumaDp, version?.kumaDp?.version || 'unknown', status);
    addTo(counted.envoy, version?.envoy?.version || 'unknown', status);
    const mtls = insight?.spec.mTLS;
    if (mtls?.issuedBackend) addTo(counted.issued, mtls.issuedBackend, status);
    for (const backend of mtls?.supportedBackends ?? []) addTo(counted.supported, backend, status);
    yield;
  }
  return counted;
}

function statsOfType(
  dataplane: Resource<DataplaneSpec>,
  counted: { standard: Stat; gateway: Stat; builtin: Stat; delegated: Stat },
): readonly Stat[] {
  const gateway = dataplane.spec.networking?.gateway;
  if (!gateway) return [counted.standard];
  return [counted.gateway, gateway.type === 'BUILTIN' ? counted.builtin : counted.delegated];
}

function addTo(stats: Map<string, Stat>, name: string, status: ProxyStatus): void {
  const stat = stats.get(name) ?? new Stat();
  stats.set(name, stat);
  stat.add(status);
}

function statMap(stats: ReadonlyMap<string, Stat>): Record<string, DataplaneStat> {
  const sorted = [...stats].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, stat]) => [name, stat.toJson('connected')]));
}

function countServices(insight: ServiceInsightSpec): { total?: number; internal?: number; external?: number } {
  const services = Object.values(insight.services ?? {});
  const external = services.filter((s) => s.serviceType === 'external').length;
  const internal = services.length - external;
  return {
    ...(services.length ? { total: services.length } : {}),
    ...(internal ? { internal } : {}),
    ...(external ? { external } : {}),
  };
}

function countResources(view: ResourceView, registry: DescriptorRegistry, mesh: string) {
  const policies: Record<string, { total: number }> = {};
  const resources: Record<string, { total: number }> = {};
  for (const descriptor of registry.all) {
    if (descriptor.scope !== 'Mesh' || descriptor.isInsight) continue;
    const total = view.count(descriptor.kind, mesh);
    if (total === 0) continue;
    resources[descriptor.kind] = { total };
    if (descriptor.policy) policies[descriptor.kind] = { total };
  }
  return { policies, resources };
}
