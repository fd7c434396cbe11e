import type { CertificateOrder, ProxyNode, SnapshotParts, SnapshotSource } from '@mesh/control-plane/proxies';
import { keyString, type Resource, type ResourceKey, type ViewEvent } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import { issueLeaf, loadMeshCa, type MeshCa } from '@mesh/identity';
import type { ZoneEgressSpec, ZoneIngressSpec } from '@mesh/resources';
import {
  BuildMemory,
  buildZoneEgress,
  buildZoneIngress,
  type Concern,
  EGRESS_SERVICE,
  type MeshContext,
  type ProxyIdentity,
  parseNodeMetadata,
  usesEgress,
} from '@mesh/xds';

/** An egress has a certificate of each mesh. */
function egressCertificateKey({ key }: ProxyNode, mesh: string): ResourceKey {
  return { ...key, mesh };
}

/** Makes the snapshots of zone ingresses and egresses from the view. */
export class ZoneProxySource implements SnapshotSource {
  /** Contexts of meshes changed: a zone proxy serves all of them. */
  private meshesChanged = false;
  /** Secrets of meshes are for egresses alone. */
  private secretsChanged = false;
  /** Zone proxies whose own resource changed. */
  private readonly renewed = new Set<string>();
  private readonly memories = new WeakMap<ProxyNode, BuildMemory>();

  constructor(private readonly options: SnapshotParts) {}

  /** The snapshot of a zone proxy; undefined while its resource is not there. Throws where it cannot be built. */
  readonly build = (node: ProxyNode): Snapshot | undefined => {
    const { view, zone, plugins, adminAuthority } = this.options;
    const resource = view.get(node.key);
    if (!resource) return undefined;
    const shared = {
      zone,
      contexts: this.contexts(),
      metadata: parseNodeMetadata(node.metadata),
      adminTls: adminAuthority.serverTls(resource),
      memory: this.memoryOf(node),
      plugins,
    };
    const result =
      node.kind === 'ZoneIngress'
        ? buildZoneIngress({ ...shared, ingress: resource as Resource<ZoneIngressSpec> })
        : buildZoneEgress({ ...shared, egress: resource as Resource<ZoneEgressSpec>, identities: this.identities(node, shared.contexts) });
    if (!result.ok) throw new Error(result.problems.join('; '));
    return result.snapshot;
  };

  changed({ changes }: ViewEvent, meshes: ReadonlySet<string>): boolean {
    this.meshesChanged ||= meshes.size > 0;
    this.secretsChanged ||= changes.some(({ key }) => key.kind === 'Secret');
    for (const { key } of changes) if (key.kind === 'ZoneIngress' || key.kind === 'ZoneEgress') this.renewed.add(keyString(key));
    return this.meshesChanged || this.secretsChanged || this.renewed.size > 0;
  }

  concerned(connected: () => Iterable<ProxyNode>): ReadonlyMap<ProxyNode, Concern> {
    const { meshesChanged, secretsChanged } = this;
    const renewed = new Set(this.renewed);
    this.meshesChanged = false;
    this.secretsChanged = false;
    this.renewed.clear();
    const isConcerned = ({ kind, key }: ProxyNode) =>
      meshesChanged || (secretsChanged && kind === 'ZoneEgress') || renewed.has(keyString(key));
    return new Map([...connected()].filter(isConcerned).map((node) => [node, 'endpoints']));
  }

  private memoryOf(node: ProxyNode): BuildMemory {
    const known = this.memories.get(node) ?? new BuildMemory();
    this.memories.set(node, known);
    return known;
  }

  /** What an egress shows the sidecars of each mesh; a mesh whose certificate is being made is left out. */
  private identities(node: ProxyNode, contexts: readonly MeshContext[]): Map<string, ProxyIdentity> {
    const { view, certificates } = this.options;
    const found = new Map<string, ProxyIdentity>();
    for (const context of contexts) {
      const key = egressCertificateKey(node, context.name);
      const ca = usesEgress(context) && context.externalServices.length > 0 ? loadMeshCa(view, context.mesh) : undefined;
      const certificate = ca ? certificates.want(key, this.egressOrder(ca)) : certificates.forget(key);
      if (!ca || !certificate) continue;
      found.set(context.name, { certPem: certificate.certificatePem, keyPem: certificate.privateKeyPem, caPems: [ca.trustBundlePem] });
    }
    return found;
  }

  private egressOrder(ca: MeshCa): CertificateOrder {
    const fingerprint = `${ca.certificate.fingerprint256}/${ca.leafTtl ?? ''}`;
    return {
      fingerprint,
      issue: async () => {
        const { certPem, keyPem, issuedAt, notAfter } = await issueLeaf(ca, {
          services: [EGRESS_SERVICE],
          tags: {},
          now: this.options.clock.now(),
        });
        const version = `${fingerprint}/${issuedAt}/${notAfter}`;
        return { certificatePem: certPem, privateKeyPem: keyPem, issuedAtMs: issuedAt, expiresAtMs: notAfter, version };
      },
    };
  }

  /** Drops the certificates of an egress that left. */
  forget(node: ProxyNode): void {
    for (const { meta } of this.options.view.list('Mesh')) this.options.certificates.forget(egressCertificateKey(node, meta.name));
  }

  private contexts(): MeshContext[] {
    const { view, contexts } = this.options;
    return view.list('Mesh').flatMap((mesh) => contexts.get(mesh.meta.name) ?? []);
  }
}
