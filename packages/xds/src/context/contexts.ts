import type { ResourceKey, ResourceView, ViewEvent } from '@mesh/core';
import { type ExternalServiceSpec, enabledBackend, type MeshSpec } from '@mesh/resources';
import type { VipOptions } from '../vips/service-vips.js';
import { vipConfigMesh } from '../vips/vip-config.js';
import { buildMeshContext, CONTEXT_KINDS } from './build-mesh-context.js';
import { secretsOfTls } from './external-tls.js';
import type { MeshContext } from './mesh-context.js';
import type { Concern, Reader } from './reads.js';

/** What became of a mesh. */
export interface MeshChange {
  readonly mesh: string;
  /** The readers that follow something which is different now; `all` where the mesh came or went, and nobody could follow it. */
  readonly concerned: ReadonlyMap<Reader, Concern> | 'all';
}

export interface MeshContextsOptions {
  readonly view: ResourceView;
  readonly zone: string;
  readonly policyKinds: readonly string[];
  readonly vips: VipOptions;
  /** Told of every context that is built. */
  readonly onBuilt?: (context: MeshContext) => void;
  /** Current IPs of host names; read when a context is built. */
  readonly resolved?: () => ReadonlyMap<string, string>;
}

/**
 * Contexts of all meshes, each built at first need and kept until something it was built from
 * changes; the next takes over what stayed the same. The caller feeds it the events of the view.
 */
export class MeshContexts {
  private readonly cache = new Map<string, MeshContext>();
  private readonly previous = new Map<string, MeshContext>();
  /** Meshes that may have changed since somebody asked what did, with the context they had then. */
  private readonly touched = new Map<string, MeshContext | undefined>();
  private readonly kinds: ReadonlySet<string>;

  constructor(private readonly options: MeshContextsOptions) {
    this.kinds = contextKeyKinds(options.policyKinds);
  }

  /** The context of a mesh, or undefined where the mesh does not exist. */
  get(mesh: string): MeshContext | undefined {
    const cached = this.cache.get(mesh);
    if (cached) return cached;
    const { view, zone, policyKinds, vips, resolved } = this.options;
    const previous = this.previous.get(mesh);
    this.previous.delete(mesh);
    const built = buildMeshContext({
      view,
      mesh,
      zone,
      policyKinds,
      vips,
      previous,
      ...(resolved ? { resolved: new Map(resolved()) } : {}),
    });
    if (!built) return undefined;
    this.cache.set(mesh, built);
    this.options.onBuilt?.(built);
    return built;
  }

  /** Forgets what the event made stale; returns the meshes whose proxies have to be looked at again, existing or not. */
  invalidate(event: ViewEvent): ReadonlySet<string> {
    const stale = new Set<string>();
    for (const { key } of event.changes) {
      if (this.kinds.has(key.kind)) for (const mesh of this.meshesOf(key)) stale.add(mesh);
    }
    for (const mesh of stale) this.retire(mesh);
    return stale;
  }

  /** Forgets everything: a host name resolved to something else. */
  invalidateAll(): void {
    for (const mesh of [...this.cache.keys(), ...this.previous.keys()]) this.retire(mesh);
  }

  /** What the events since the last call changed, in the order in which meshes were made stale. */
  takeChanges(): MeshChange[] {
    const touched = [...this.touched];
    this.touched.clear();
    return touched.map(([mesh, before]) => {
      const now = this.get(mesh);
      return { mesh, concerned: now?.continues(before) ? now.takeConcerned() : 'all' };
    });
  }

  /** A reader that is gone is told of nothing any more. */
  unfollow(mesh: string, reader: Reader): void {
    (this.cache.get(mesh) ?? this.previous.get(mesh))?.unfollow(reader);
  }

  private retire(mesh: string): void {
    const context = this.cache.get(mesh);
    if (!this.touched.has(mesh)) this.touched.set(mesh, context ?? this.previous.get(mesh));
    if (!context) return;
    this.cache.delete(mesh);
    this.previous.set(mesh, context);
  }

  /** Meshes a change concerns. By the sources of a context, not by what users may add: zone proxies concern every mesh. */
  private meshesOf(key: ResourceKey): readonly string[] {
    if (key.kind === 'Mesh') return [key.name];
    if (key.kind === 'Config') return [vipConfigMesh(key.name) ?? []].flat();
    if (key.kind === 'Secret') return this.isForTls(key) ? [key.mesh] : [];
    if (key.kind === 'ServiceInsight') return this.isPermissive(key.mesh) ? [key.mesh] : [];
    if (key.mesh !== '') return [key.mesh];
    return this.options.view.list('Mesh').map((mesh) => mesh.meta.name);
  }

  /** Of the secrets of a mesh only those of external services go into its context. */
  private isForTls({ mesh, name }: ResourceKey): boolean {
    const externals = this.options.view.list<ExternalServiceSpec>('ExternalService', mesh);
    return externals.some(({ spec }) => secretsOfTls(spec.networking?.tls).includes(name));
  }

  private isPermissive(mesh: string): boolean {
    const spec = this.options.view.find<MeshSpec>('Mesh', '', mesh)?.spec;
    return spec !== undefined && enabledBackend(spec)?.mode === 'PERMISSIVE';
  }
}

/** Kinds whose changes may change a context. */
export function contextKeyKinds(policyKinds: readonly string[]): ReadonlySet<string> {
  return new Set<string>([...CONTEXT_KINDS, ...policyKinds]);
}
