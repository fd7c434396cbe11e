import type { Resource, ResourceView, ViewEvent } from '@mesh/core';
import { loadMeshCa, type MeshCa } from '@mesh/identity';
import type { MeshSpec } from '@mesh/resources';

/** Who issues for a mesh, and whom its proxies trust. */
export interface MeshTrust {
  readonly ca: MeshCa;
  /** Roots of all backends of the mesh, the issuing one's first: while one replaces the other, both are trusted. */
  readonly rootPems: readonly string[];
}

/** The CAs of all meshes, read from the view once and again after a change of the Mesh or its secrets. */
export class MeshTrusts {
  private readonly known = new Map<string, MeshTrust>();

  constructor(private readonly view: ResourceView) {}

  /** Throws `unavailable` where mTLS is on and the CA cannot be used; undefined where it is off. */
  get(mesh: Resource<MeshSpec>): MeshTrust | undefined {
    const known = this.known.get(mesh.meta.name);
    if (known) return known;
    const ca = loadMeshCa(this.view, mesh);
    if (!ca) return undefined;
    const trust = { ca, rootPems: [ca.trustBundlePem, ...this.otherRoots(mesh, ca)] };
    this.known.set(mesh.meta.name, trust);
    return trust;
  }

  /** Forgets what the event made stale; returns the meshes whose secrets changed. */
  invalidate(event: ViewEvent): ReadonlySet<string> {
    const stale = new Set<string>();
    for (const { key } of event.changes) {
      if (key.kind === 'Secret') stale.add(key.mesh);
      if (key.kind === 'Mesh') this.known.delete(key.name);
    }
    for (const mesh of stale) this.known.delete(mesh);
    return stale;
  }

  /** Roots of backends that do not issue; one that cannot be read must not stop those that can. */
  private otherRoots(mesh: Resource<MeshSpec>, ca: MeshCa): string[] {
    const { mtls } = mesh.spec;
    return (mtls?.backends ?? []).flatMap(({ name }) => {
      if (!mtls || !name || name === ca.backend) return [];
      const other = { ...mesh, spec: { ...mesh.spec, mtls: { ...mtls, enabledBackend: name } } };
      try {
        return loadMeshCa(this.view, other)?.trustBundlePem ?? [];
      } catch {
        return [];
      }
    });
  }
}
