import { type CertificateOrder, type ProxyNode, type SnapshotParts, type SnapshotSource, tagValuesOf } from '@mesh/control-plane/proxies';
import { keyOf, type Resource, TAG_SERVICE } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import { issueLeaf, loadMeshCa, type MeshCa } from '@mesh/identity';
import type { DataplaneSpec } from '@mesh/resources';
import {
  BuildMemory,
  buildSidecar,
  type MeshContext,
  type ProxyIdentity,
  type ProxyMetadata,
  parseNodeMetadata,
  type Read,
} from '@mesh/xds';

interface Remembered {
  readonly memory: BuildMemory;
  readonly metadata: ProxyMetadata;
  /** What the newest snapshot was made of. */
  made: { readonly dataplane: Resource; readonly ca: MeshCa | undefined; readonly reads: readonly Read[] } | undefined;
  /** It has had a snapshot. */
  served: boolean;
}

/** Makes the snapshots of sidecars from the view. */
export class SidecarSource implements SnapshotSource {
  /** Ends with the connection of the proxy. */
  private readonly remembered = new WeakMap<ProxyNode, Remembered>();

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
    const { adminAuthority, adminCertificates } = this.options;
    const adminTls = adminAuthority.serverTls(dataplane, adminCertificates);
    const identity = this.identityOf(dataplane, ca);
    // Better one snapshot in a moment than two.
    if (identity === 'waiting' || (!remembered.served && adminCertificates.awaitsFirst(node.key))) return undefined;
    const { value: result, reads } = context.record(() =>
      buildSidecar({ context, dataplane, metadata, identity, adminTls, plugins, memory }),
    );
    if (!result.ok) throw new Error(result.problems.join('; '));
    remembered.made = { dataplane: dataplane as unknown as Resource, ca, reads };
    remembered.served = true;
    return result.snapshot;
  };

  /** Whether the newest snapshot would come out the same, as far as the resource of the proxy, its mesh and the CA go. */
  isCurrent(node: ProxyNode): boolean {
    const made = this.remembered.get(node)?.made;
    const context = this.options.contexts.get(node.key.mesh);
    if (!made || !context || made.dataplane !== this.options.view.get(node.key)) return false;
    try {
      const ca = this.caOf(context);
      return ca?.fingerprint === made.ca?.fingerprint && ca?.leafTtl === made.ca?.leafTtl && context.holds(made.reads);
    } catch {
      // The build says why.
      return false;
    }
  }

  private remember(node: ProxyNode): Remembered {
    let remembered = this.remembered.get(node);
    if (!remembered)
      this.remembered.set(
        node,
        (remembered = { memory: new BuildMemory(), metadata: parseNodeMetadata(node.metadata), made: undefined, served: false }),
      );
    return remembered;
  }

  forget(node: ProxyNode): void {
    this.options.certificates.forget(node.key);
  }

  private caOf(context: MeshContext): MeshCa | undefined {
    return context.mtls ? loadMeshCa(this.options.view, context.mesh) : undefined;
  }

  private identityOf(dataplane: Resource<DataplaneSpec>, ca: MeshCa | undefined): ProxyIdentity | undefined | 'waiting' {
    const { certificates } = this.options;
    if (!ca) {
      certificates.forget(keyOf(dataplane));
      return undefined;
    }
    const certificate = certificates.want(keyOf(dataplane), this.leafOrder(ca, dataplane.spec));
    if (!certificate) return 'waiting';
    return { certPem: certificate.certificatePem, keyPem: certificate.privateKeyPem, caPems: [ca.trustBundlePem] };
  }

  private leafOrder(ca: MeshCa, spec: DataplaneSpec): CertificateOrder {
    const tags = tagValuesOf(spec);
    return {
      // A further root to trust is no reason for a new certificate.
      fingerprint: `${ca.certificate.fingerprint256}/${ca.leafTtl ?? ''}/${JSON.stringify(tags)}`,
      issue: async () => {
        const leaf = await issueLeaf(ca, { services: tags[TAG_SERVICE] ?? [], tags, now: this.options.clock.now() });
        return { certificatePem: leaf.certPem, privateKeyPem: leaf.keyPem, issuedAtMs: leaf.notBefore, expiresAtMs: leaf.notAfter };
      },
    };
  }
}
