import { isDeepStrictEqual } from 'node:util';
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
import { type EndpointIndex, type EndpointSources, indexEndpoints, MadeEndpoints, unreachableEndpoints } from './endpoints.js';
import { type Generation, MeshMemory } from './mesh-memory.js';
import { ALL, type Read, type ReadSource, readsHold, WatchedMap } from './reads.js';

/** The CA backend in force and how strict inbounds are. */
export interface MeshMtlsState {
  readonly backend: string;
  readonly mode: 'STRICT' | 'PERMISSIVE';
}

/**
 * Everything about one mesh that proxies of one zone are built from. Never changes once built; what is read
 * from it is followed, so read it where the value is used and keep no part of it elsewhere.
 */
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
  /**
   * Computes once for as long as nothing changes that was read from the context meanwhile, over the
   * contexts of the mesh that follow. The key says all else that the value depends on.
   */
  memo<T>(key: string, compute: () => T): T;
  /**
   * Like `memo` for what comes from the context (the one handed to `compute`, which must hold on to
   * no other) and the key alone: whoever reads it is computed anew only if the value is not the `same`.
   */
  derive<T>(key: string, compute: (context: MeshContext) => T, same?: (a: T, b: T) => boolean): T;
  /** A short text for a resource with its content: equal for the very same resource only, in every context of the mesh. */
  idOf(resource: Resource<unknown>): string;
  /** Runs `compute` and tells what it read from this context. */
  record<T>(compute: () => T): { readonly value: T; readonly reads: readonly Read[] };
  /** Whether these reads, of an earlier context of the mesh, would be the same now. Counts as reading them. */
  holds(reads: readonly Read[]): boolean;
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
  /** The context before this one, whose unchanged parts are kept. */
  readonly previous?: MeshContext | undefined;
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
  const previous = input.previous instanceof FollowedContext ? input.previous : undefined;
  const before = previous?.parts;
  const mtls = kept(mtlsState(mesh.spec), before?.mtls);
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
    made: before?.sources.made ?? new MadeEndpoints(),
  };
  const egressBefore = before?.egressIfMade();
  const egress = (): EndpointIndex => indexEndpoints({ ...sources, throughEgress: false, forEgress: true }, egressBefore);
  let egressMade: EndpointIndex | undefined;
  const parts: ContextParts = {
    sources,
    mesh,
    mtls,
    endpoints: indexEndpoints(sources, before?.endpoints),
    unreachable: kept(unreachableEndpoints(sources), before?.unreachable),
    egress: () => (egressMade ??= egress()),
    egressIfMade: () => egressMade,
    vips: kept(vipsFromConfigs(view, input.vips, name), before?.vips),
    policies: new Map(input.policyKinds.map((kind) => [kind, view.listSorted(kind, name)])),
    ready: servicesReadyForTls(view, name, mtls),
  };
  return new FollowedContext(parts, previous?.memory ?? new MeshMemory());
}

/** What a context is made of, before anybody reads it. */
interface ContextParts {
  readonly sources: EndpointSources;
  readonly mesh: Resource<MeshSpec>;
  readonly mtls: MeshMtlsState | undefined;
  readonly endpoints: EndpointIndex;
  readonly unreachable: EndpointMap;
  readonly egress: () => EndpointIndex;
  readonly egressIfMade: () => EndpointIndex | undefined;
  readonly vips: readonly MeshVip[];
  readonly policies: ReadonlyMap<string, readonly Resource[]>;
  readonly ready: ReadonlySet<string>;
}

/** A context that writes down what is read from it. */
class FollowedContext implements MeshContext, Generation {
  readonly generation: number;
  readonly context = this;
  readonly name: string;
  readonly zone: string;
  readonly endpoints: EndpointMap;
  readonly unreachable: EndpointMap;

  constructor(
    readonly parts: ContextParts,
    readonly memory: MeshMemory,
  ) {
    this.name = parts.mesh.meta.name;
    this.zone = parts.sources.zone;
    this.generation = memory.nextGeneration();
    this.endpoints = this.watch('endpoints', () => parts.endpoints.byService);
    this.unreachable = this.watch('unreachable', () => parts.unreachable);
  }

  get mesh(): Resource<MeshSpec> {
    return this.read('mesh', ALL);
  }

  get mtls(): MeshMtlsState | undefined {
    return this.read('mtls', ALL);
  }

  get dataplanes(): readonly Resource<DataplaneSpec>[] {
    return this.read('dataplanes', ALL);
  }

  get externalServices(): readonly Resource<ExternalServiceSpec>[] {
    return this.read('external-services', ALL);
  }

  get vips(): readonly MeshVip[] {
    return this.read('vips', ALL);
  }

  get passthrough(): boolean {
    return this.read('passthrough', ALL);
  }

  egressEndpoints(): EndpointMap {
    return this.watch('egress-endpoints', () => this.parts.egress().byService);
  }

  policies<Spec>(kind: string): readonly Resource<Spec>[] {
    return this.read('policies', kind);
  }

  tlsReady(service: string): boolean {
    return this.read('tls-ready', service);
  }

  resolve(address: string): string | undefined {
    return this.read('address', address);
  }

  memo<T>(key: string, compute: () => T): T {
    return this.memory.memo(this, key, compute);
  }

  derive<T>(key: string, compute: (context: MeshContext) => T, same: (a: T, b: T) => boolean = Object.is): T {
    return this.memory.derive(this, key, { compute, same });
  }

  idOf(resource: Resource<unknown>): string {
    return this.memory.idOf(resource);
  }

  record<T>(compute: () => T): { readonly value: T; readonly reads: readonly Read[] } {
    const recorded = this.memory.log.record(compute);
    this.memory.log.noteAll(recorded.reads);
    return recorded;
  }

  holds(reads: readonly Read[]): boolean {
    if (!readsHold(reads, this)) return false;
    this.memory.log.noteAll(reads);
    return true;
  }

  look(source: ReadSource, key: string): unknown {
    const { parts } = this;
    switch (source) {
      case 'mesh':
        return parts.mesh;
      case 'mtls':
        return parts.mtls;
      case 'passthrough':
        return parts.mesh.spec.networking?.outbound?.passthrough !== false;
      case 'vips':
        return parts.vips;
      case 'dataplanes':
        return parts.sources.dataplanes;
      case 'external-services':
        return parts.sources.externalServices;
      case 'endpoints':
        return partOf(parts.endpoints.byService, key);
      case 'unreachable':
        return partOf(parts.unreachable, key);
      case 'egress-endpoints':
        return partOf(parts.egress().byService, key);
      case 'policies':
        return parts.policies.get(key) ?? NONE;
      case 'tls-ready':
        return parts.ready.has(key);
      case 'address':
        return resolveAddress(key, parts.sources.resolved);
      case 'derived':
        return this.memory.lookDerived(this, key);
    }
  }

  private read<T>(source: ReadSource, key: string): T {
    const value = this.look(source, key);
    this.memory.log.note(source, key, value);
    return value as T;
  }

  private watch(source: ReadSource, map: () => EndpointMap): EndpointMap {
    return new WatchedMap(map(), (key, value) => this.memory.log.note(source, key, value));
  }
}

const NONE: readonly never[] = Object.freeze([]);

function partOf(map: EndpointMap, key: string): unknown {
  return key === ALL ? map : map.get(key);
}

/** What was there before, where nothing about it is different: its readers need not be told. */
function kept<T>(now: T, before: T | undefined): T {
  if (before === undefined || Object.is(now, before)) return now;
  return isDeepStrictEqual(now, before) ? before : now;
}

/** Endpoints of a service that carry all the given tags. */
export function endpointsOf(context: MeshContext, service: string): readonly Endpoint[] {
  return context.endpoints.get(service) ?? [];
}

/** The protocol all endpoints of a service can be reached with; where there are none, what those out of reach speak. */
export function protocolOfService(context: MeshContext, service: string): Protocol {
  return context.derive(`protocol/${service}`, (now) => {
    const reachable = endpointsOf(now, service);
    const endpoints = reachable.length > 0 ? reachable : (now.unreachable.get(service) ?? []);
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
