import type { ProxyNode, SnapshotParts, SnapshotSource } from '@mesh/control-plane/proxies';
import { keyOf, keyString, type Resource, type ViewEvent } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import { loadMeshCa, type MeshCa } from '@mesh/identity';
import type { DataplaneInsightSpec, DataplaneSpec } from '@mesh/resources';
import {
  BuildMemory,
  buildSidecar,
  type Concern,
  type MeshContext,
  type ProxyIdentity,
  type ProxyMetadata,
  parseNodeMetadata,
} from '@mesh/xds';
import { leafOrder } from './leaf-order.js';

interface Remembered {
  readonly memory: BuildMemory;
  readonly metadata: ProxyMetadata;
  /** What the newest snapshot was made of besides what it follows in the context; undefined where it could not be made. */
  made: { readonly dataplane: Resource<unknown>; readonly ca: MeshCa | undefined } | undefined;
}

/** Makes the snapshots of sidecars from the view, and tells which of them changes concern. */
export class SidecarSource implements SnapshotSource {
  private readonly remembered = new Map<ProxyNode, Remembered>();
  private readonly byKey = new Map<string, ProxyNode>();
  private readonly byMesh = new Map<string, Set<ProxyNode>>();
  /** Sidecars whose own resource changed. */
  private readonly renewed = new Set<string>();
  /** Meshes whose CA may be another one. */
  private readonly authorities = new Set<string>();

  constructor(private readonly options: SnapshotParts) {}

  /**
   * The snapshot of a sidecar; undefined where it has to wait: for its resource, its mesh, or its
   * first certificate. Throws where it cannot be built.
   */
  readonly build = (node: ProxyNode): Snapshot | undefined => {
    const { view, contexts, plugins } = this.options;
    const dataplane = view.get(node.key) as Resource<DataplaneSpec> | undefined;
    const context = contexts.get(node.key.mesh);
    if (!dataplane || !context) return undefined;
    const remembered = this.remember(node);
    const { memory, metadata } = remembered;
    remembered.made = undefined;
    const ca = this.caOf(context);
    const adminTls = this.options.adminAuthority.serverTls(dataplane);
    const identity = this.identityOf(node, dataplane, ca);
    if (identity === 'waiting') return undefined;
    const result = context.follow(node, () => buildSidecar({ context, dataplane, metadata, identity, adminTls, plugins, memory }));
    if (!result.ok) throw new Error(result.problems.join('; '));
    remembered.made = { dataplane, ca };
    return result.snapshot;
  };

  changed({ changes }: ViewEvent, meshes: ReadonlySet<string>): boolean {
    let isConcerning = meshes.size > 0;
    for (const { key } of changes) {
      if (key.kind === 'Dataplane') this.renewed.add(keyString(key));
      else if (key.kind === 'Secret') this.authorities.add(key.mesh);
      else if (key.kind === 'Mesh') this.authorities.add(key.name);
      else continue;
      isConcerning = true;
    }
    return isConcerning;
  }

  /** Visits only those concerned: what a sidecar was made of leads to it. */
  concerned(): ReadonlyMap<ProxyNode, Concern> {
    const found = new Map<ProxyNode, Concern>();
    for (const { mesh, concerned } of this.options.contexts.takeChanges()) {
      if (concerned === 'all') for (const node of this.byMesh.get(mesh) ?? []) found.set(node, 'other');
      // Nobody else follows the contexts here.
      else for (const [reader, concern] of concerned) found.set(reader as ProxyNode, concern);
    }
    const others = [...this.withOwnChange(), ...this.withOtherCa()];
    for (const node of others) if (!found.has(node)) found.set(node, 'other');
    return found;
  }

  /** Forgets a sidecar that left. */
  forget(node: ProxyNode): void {
    const { certificates, contexts } = this.options;
    const { key } = node;
    certificates.forget(key);
    contexts.unfollow(key.mesh, node);
    this.remembered.delete(node);
    if (this.byKey.get(keyString(key)) === node) this.byKey.delete(keyString(key));
    const inMesh = this.byMesh.get(key.mesh);
    inMesh?.delete(node);
    if (inMesh?.size === 0) this.byMesh.delete(key.mesh);
  }

  private remember(node: ProxyNode): Remembered {
    const known = this.remembered.get(node);
    if (known) return known;
    const remembered = { memory: new BuildMemory(), metadata: parseNodeMetadata(node.metadata), made: undefined };
    this.remembered.set(node, remembered);
    this.byKey.set(keyString(node.key), node);
    const inMesh = this.byMesh.get(node.key.mesh);
    if (inMesh) inMesh.add(node);
    else this.byMesh.set(node.key.mesh, new Set([node]));
    return remembered;
  }

  private withOwnChange(): ProxyNode[] {
    const nodes = [...this.renewed].flatMap((key) => this.byKey.get(key) ?? []);
    this.renewed.clear();
    return nodes.filter((node) => this.remembered.get(node)?.made?.dataplane !== this.options.view.get(node.key));
  }

  private withOtherCa(): ProxyNode[] {
    const nodes = [...this.authorities].flatMap((mesh) => this.ofOtherCa(mesh));
    this.authorities.clear();
    return nodes;
  }

  private ofOtherCa(mesh: string): ProxyNode[] {
    const nodes = [...(this.byMesh.get(mesh) ?? [])];
    const context = nodes.length > 0 ? this.options.contexts.get(mesh) : undefined;
    if (!context) return [];
    try {
      const ca = this.caOf(context);
      return nodes.filter((node) => !isMadeWith(ca, this.remembered.get(node)));
    } catch {
      // The builds say why.
      return nodes;
    }
  }

  private caOf(context: MeshContext): MeshCa | undefined {
    return context.mtls ? loadMeshCa(this.options.view, context.mesh) : undefined;
  }

  private identityOf(node: ProxyNode, dataplane: Resource<DataplaneSpec>, ca: MeshCa | undefined): ProxyIdentity | undefined | 'waiting' {
    const { certificates, clock, view } = this.options;
    if (!ca) {
      certificates.forget(keyOf(dataplane));
      return undefined;
    }
    const { mesh, name } = node.key;
    const recorded = () => (node.returning ? view.find<DataplaneInsightSpec>('DataplaneInsight', mesh, name)?.spec.mTLS : undefined);
    const certificate = certificates.want(keyOf(dataplane), leafOrder({ ca, spec: dataplane.spec, clock, recorded }));
    if (!certificate) return 'waiting';
    return {
      version: certificate.version,
      get certPem() {
        return certificate.certificatePem;
      },
      get keyPem() {
        return certificate.privateKeyPem;
      },
      caPems: [ca.trustBundlePem],
    };
  }
}

function isMadeWith(ca: MeshCa | undefined, remembered: Remembered | undefined): boolean {
  const made = remembered?.made;
  return made !== undefined && ca?.fingerprint === made.ca?.fingerprint && ca?.leafTtl === made.ca?.leafTtl;
}
