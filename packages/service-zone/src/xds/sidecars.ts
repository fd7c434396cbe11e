import { type CertificateOrder, type ProxyNode, type SnapshotParts, type SnapshotSource, tagValuesOf } from '@mesh/control-plane/proxies';
import { keyOf, type Resource, TAG_SERVICE } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import { issueLeaf, loadMeshCa, type MeshCa } from '@mesh/identity';
import type { DataplaneSpec } from '@mesh/resources';
import { BuildMemory, buildSidecar, type MeshContext, type ProxyIdentity, type ProxyMetadata, parseNodeMetadata } from '@mesh/xds';

interface Remembered {
  readonly memory: BuildMemory;
  readonly metadata: ProxyMetadata;
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
    const identity = this.identityOf(dataplane, context);
    if (identity === 'waiting') return undefined;
    const { memory, metadata } = this.remember(node);
    const result = buildSidecar({
      context,
      dataplane,
      metadata,
      identity,
      adminTls: this.options.adminAuthority.serverTls(dataplane, this.options.adminCertificates),
      plugins,
      memory,
    });
    if (!result.ok) throw new Error(result.problems.join('; '));
    return result.snapshot;
  };

  private remember(node: ProxyNode): Remembered {
    let remembered = this.remembered.get(node);
    if (!remembered) this.remembered.set(node, (remembered = { memory: new BuildMemory(), metadata: parseNodeMetadata(node.metadata) }));
    return remembered;
  }

  forget(node: ProxyNode): void {
    this.options.certificates.forget(node.key);
  }

  private identityOf(dataplane: Resource<DataplaneSpec>, context: MeshContext): ProxyIdentity | undefined | 'waiting' {
    const { certificates, view } = this.options;
    const ca = context.mtls ? loadMeshCa(view, context.mesh) : undefined;
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
