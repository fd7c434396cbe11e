import { isDeepStrictEqual } from 'node:util';
import type { Resource, ResourceView } from '@mesh/core';
import {
  type DataplaneSpec,
  type ExternalServiceSpec,
  enabledBackend,
  type MeshSpec,
  type SecretSpec,
  type ServiceInsightSpec,
  type ZoneEgressSpec,
  type ZoneIngressSpec,
} from '@mesh/resources';
import { isIp } from '../model/addresses.js';
import { type MeshVip, type VipOptions, vipsFromConfigs } from '../vips/service-vips.js';
import type { EndpointMap } from './endpoint.js';
import { type EndpointIndex, indexEndpoints } from './endpoint-index.js';
import { type EndpointSources, MadeEndpoints, remoteEntries, sameRemote, unreachableEndpoints } from './endpoints.js';
import type { MeshContext, MeshMtlsState } from './mesh-context.js';
import { type Generation, MeshMemory, type RootSource } from './mesh-memory.js';
import { ALL, type Concern, type Read, type Reader, WatchedMap } from './reads.js';

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
  const { view, mesh: name } = input;
  const mesh = view.find<MeshSpec>('Mesh', '', name);
  if (!mesh) return undefined;
  const previous = input.previous instanceof FollowedContext ? input.previous : undefined;
  const before = previous?.parts;
  const mtls = kept(mtlsState(mesh.spec), before?.mtls);
  const sources = endpointSources(input, mesh, before);
  const egressBefore = before?.egressIfMade();
  let egressMade: EndpointIndex | undefined;
  const unreachableAsBefore = before && sameRemote(sources, before.sources);
  const parts: ContextParts = {
    sources,
    mesh,
    mtls,
    zoneIngresses: view.listSorted<ZoneIngressSpec>('ZoneIngress'),
    endpoints: indexEndpoints(sources, before?.endpoints),
    unreachable: unreachableAsBefore ? before.unreachable : kept(unreachableEndpoints(sources), before?.unreachable),
    egress: () => (egressMade ??= indexEndpoints({ ...sources, throughEgress: false, forEgress: true }, egressBefore)),
    egressIfMade: () => egressMade,
    vips: kept(vipsFromConfigs(view, input.vips, name), before?.vips),
    policies: new Map(input.policyKinds.map((kind) => [kind, view.listSorted(kind, name)])),
    ready: servicesReadyForTls(view, name, mtls),
  };
  return new FollowedContext(parts, previous?.memory ?? new MeshMemory());
}

function endpointSources(
  { view, zone, ...input }: MeshContextInput,
  { meta, spec }: Resource<MeshSpec>,
  before?: ContextParts,
): EndpointSources {
  const resolved = kept(input.resolved ?? new Map(), before?.sources.resolved);
  const zoneIngresses = view.listSorted<ZoneIngressSpec>('ZoneIngress');
  const isEnteredAsBefore = zoneIngresses === before?.zoneIngresses && resolved === before.sources.resolved;
  const mtlsEnabled = enabledBackend(spec) !== undefined;
  return {
    mesh: meta.name,
    zone,
    mtlsEnabled,
    throughEgress: mtlsEnabled && spec.routing?.zoneEgress === true,
    localityAware: spec.routing?.localityAwareLoadBalancing === true,
    dataplanes: view.listSorted<DataplaneSpec>('Dataplane', meta.name),
    entries: isEnteredAsBefore ? before.sources.entries : remoteEntries(zoneIngresses, { mesh: meta.name, zone, resolved }),
    zoneEgresses: view.listSorted<ZoneEgressSpec>('ZoneEgress'),
    externalServices: view.listSorted<ExternalServiceSpec>('ExternalService', meta.name),
    forEgress: false,
    readSecret: (secret) => {
      const data = view.find<SecretSpec>('Secret', meta.name, secret)?.spec.data;
      return data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8');
    },
    resolved,
    made: before?.sources.made ?? new MadeEndpoints(),
  };
}

/** What a context is made of, before anybody reads it. */
interface ContextParts {
  readonly sources: EndpointSources;
  readonly mesh: Resource<MeshSpec>;
  readonly mtls: MeshMtlsState | undefined;
  readonly zoneIngresses: readonly Resource<ZoneIngressSpec>[];
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
    this.endpoints = this.watch('endpoints', parts.endpoints.byService);
    this.unreachable = this.watch('unreachable', parts.unreachable);
    memory.advance(this);
  }

  get lineage(): object {
    return this.memory;
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
    return this.watch('egress-endpoints', this.parts.egress().byService);
  }

  policies<Spec>(kind: string): readonly Resource<Spec>[] {
    return this.read('policies', kind);
  }

  tlsReady(service: string): boolean {
    return this.read('tls-ready', service);
  }

  resolve(address: string): string | undefined {
    // An IP stands for itself: most addresses are, and each is another one.
    return isIp(address) ? address : this.read('address', address);
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
    return this.memory.record(compute);
  }

  holds(reads: readonly Read[]): boolean {
    return this.memory.holds(this, reads);
  }

  follow<T>(reader: Reader, compute: () => T): T {
    return this.memory.follow(reader, compute);
  }

  unfollow(reader: Reader): void {
    this.memory.unfollow(reader);
  }

  takeConcerned(): ReadonlyMap<Reader, Concern> {
    return this.memory.takeConcerned();
  }

  continues(earlier: MeshContext | undefined): boolean {
    return earlier instanceof FollowedContext && earlier.memory === this.memory;
  }

  look(source: RootSource, key: string): unknown {
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
        return parts.sources.resolved.get(key);
    }
  }

  private read<T>(source: RootSource, key: string): T {
    const value = this.look(source, key);
    this.memory.note(source, key, value);
    return value as T;
  }

  private watch(source: RootSource, map: EndpointMap): EndpointMap {
    return new WatchedMap(map, (key, value) => this.memory.note(source, key, value));
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
