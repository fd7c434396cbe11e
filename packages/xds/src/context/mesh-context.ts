import type { Resource, ResourceView } from '@mesh/core';
import type {
  CertificateAuthorityBackend,
  DataplaneSpec,
  ExternalServiceSpec,
  MeshSpec,
  SecretSpec,
  ServiceInsightSpec,
  ZoneEgressSpec,
  ZoneIngressSpec,
} from '@mesh/resources';
import { resolveAddress } from '../model/addresses.js';
import { commonProtocol, type Protocol } from '../model/protocols.js';
import { type MeshVip, type VipOptions, vipsFromConfigs } from '../vips/service-vips.js';
import type { Endpoint, EndpointMap } from './endpoint.js';
import { buildEndpoints, type EndpointSources, unreachableEndpoints } from './endpoints.js';

/** The CA backend in force and how strict inbounds are. */
export interface MeshMtlsState {
  readonly backend: string;
  readonly mode: 'STRICT' | 'PERMISSIVE';
}

/** Everything about one mesh that proxies of one zone are built from. Never changes once built. */
export interface MeshContext {
  readonly name: string;
  readonly zone: string;
  readonly mesh: Resource<MeshSpec>;
  readonly mtls: MeshMtlsState | undefined;
  readonly dataplanes: readonly Resource<DataplaneSpec>[];
  readonly endpoints: EndpointMap;
  /** What other zones offer and nobody here can reach, because the mesh has no mTLS. */
  readonly unreachable: EndpointMap;
  /** The same as `endpoints` for the egress of the zone: what it dials itself. */
  egressEndpoints(): EndpointMap;
  /** ExternalServices of the mesh, ordered by name. */
  readonly externalServices: readonly Resource<ExternalServiceSpec>[];
  readonly vips: readonly MeshVip[];
  /** `mesh.networking.outbound.passthrough`, on unless switched off. */
  readonly passthrough: boolean;
  /** Policies of a kind, ordered by name. */
  policies<Spec>(kind: string): readonly Resource<Spec>[];
  /** Every proxy of the service has a certificate of the backend in force. */
  tlsReady(service: string): boolean;
  /** The IP an address stands for; undefined where a host name has not been resolved. */
  resolve(address: string): string | undefined;
  /** Computes once per context. The key says all that the value depends on besides the context. */
  memo<T>(key: string, compute: () => T): T;
}

export interface MeshContextInput {
  readonly view: ResourceView;
  readonly mesh: string;
  readonly zone: string;
  /** Kinds to hold ready for the plugins. */
  readonly policyKinds: readonly string[];
  /** IPs of the host names in addresses, as the caller resolved them. */
  readonly resolved?: ReadonlyMap<string, string>;
  readonly vips: VipOptions;
}

/** Kinds other than policies a context is built from. Those of global scope concern every mesh. */
export const CONTEXT_KINDS = [
  'Mesh',
  'Dataplane',
  'ZoneIngress',
  'ZoneEgress',
  'ExternalService',
  'Secret',
  'Config',
  'ServiceInsight',
] as const;

/** Builds the context of a mesh, or returns undefined where the mesh does not exist. */
export function buildMeshContext(input: MeshContextInput): MeshContext | undefined {
  const { view, mesh: name, zone } = input;
  const mesh = view.find<MeshSpec>('Mesh', '', name);
  if (!mesh) return undefined;
  const mtls = mtlsState(mesh.spec);
  const dataplanes = view.listSorted<DataplaneSpec>('Dataplane', name);
  const sources: EndpointSources = {
    mesh: name,
    zone,
    mtlsEnabled: mtls !== undefined,
    throughEgress: mtls !== undefined && mesh.spec.routing?.zoneEgress === true,
    localityAware: mesh.spec.routing?.localityAwareLoadBalancing === true,
    dataplanes,
    zoneIngresses: view.listSorted<ZoneIngressSpec>('ZoneIngress'),
    zoneEgresses: view.listSorted<ZoneEgressSpec>('ZoneEgress'),
    externalServices: view.listSorted<ExternalServiceSpec>('ExternalService', name),
    forEgress: false,
    readSecret: (secret) => {
      const data = view.find<SecretSpec>('Secret', name, secret)?.spec.data;
      return data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8');
    },
    resolved: input.resolved ?? new Map(),
  };
  const endpoints = buildEndpoints(sources);
  const policies = new Map(input.policyKinds.map((kind) => [kind, view.listSorted(kind, name)]));
  const memory = new Map<string, unknown>();
  const readyServices = servicesReadyForTls(view, name, mtls);
  const memo = <T>(key: string, compute: () => T): T => {
    if (!memory.has(key)) memory.set(key, compute());
    return memory.get(key) as T;
  };
  return Object.freeze({
    name,
    zone,
    mesh,
    mtls,
    dataplanes,
    endpoints,
    unreachable: unreachableEndpoints(sources),
    egressEndpoints: () => memo('egress-endpoints', () => buildEndpoints({ ...sources, throughEgress: false, forEgress: true })),
    externalServices: sources.externalServices,
    vips: vipsFromConfigs(view, input.vips).filter((vip) => vip.mesh === name),
    passthrough: mesh.spec.networking?.outbound?.passthrough !== false,
    policies: <Spec>(kind: string) => (policies.get(kind) ?? []) as unknown as readonly Resource<Spec>[],
    tlsReady: (service: string) => readyServices.has(service),
    resolve: (address: string) => resolveAddress(address, sources.resolved),
    memo,
  });
}

/** Endpoints of a service that carry all the given tags. */
export function endpointsOf(context: MeshContext, service: string): readonly Endpoint[] {
  return context.endpoints.get(service) ?? [];
}

/** The protocol all endpoints of a service can be reached with; where there are none, what those out of reach speak. */
export function protocolOfService(context: MeshContext, service: string): Protocol {
  return context.memo(`protocol/${service}`, () => {
    const reachable = endpointsOf(context, service);
    const endpoints = reachable.length > 0 ? reachable : (context.unreachable.get(service) ?? []);
    return commonProtocol(endpoints.map((endpoint) => endpoint.protocol));
  });
}

/** The backend of a mesh that is in force, or undefined where mTLS is off. */
export function enabledBackend(mesh: MeshSpec): CertificateAuthorityBackend | undefined {
  const name = mesh.mtls?.enabledBackend;
  return name ? mesh.mtls?.backends?.find((backend) => backend.name === name) : undefined;
}

function mtlsState(mesh: MeshSpec): MeshMtlsState | undefined {
  const backend = enabledBackend(mesh);
  return backend ? { backend: backend.name ?? '', mode: backend.mode ?? 'STRICT' } : undefined;
}

/** In PERMISSIVE mode clients use TLS only towards services whose proxies all have certificates (contract/dataplane.md §2.6). */
function servicesReadyForTls(view: ResourceView, mesh: string, mtls: MeshMtlsState | undefined): ReadonlySet<string> {
  const ready = new Set<string>();
  if (mtls?.mode !== 'PERMISSIVE') return ready;
  for (const insight of view.list<ServiceInsightSpec>('ServiceInsight', mesh)) {
    for (const [name, service] of Object.entries(insight.spec.services ?? {})) {
      const total = (service.dataplanes?.online ?? 0) + (service.dataplanes?.offline ?? 0);
      if (total > 0 && service.issuedBackends?.[mtls.backend] === total) ready.add(name);
    }
  }
  return ready;
}
