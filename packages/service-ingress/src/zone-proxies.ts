import type { AdminAuthority, CertificateKeeper, ProxyNode } from '@mesh/control-plane/proxies';
import type { Resource, ResourceView } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import type { ZoneEgressSpec, ZoneIngressSpec } from '@mesh/resources';
import {
  type AnyPolicyDescriptor,
  buildZoneEgress,
  buildZoneIngress,
  type MeshContext,
  type MeshContexts,
  parseNodeMetadata,
} from '@mesh/xds';

export interface ZoneProxySourceOptions {
  readonly view: ResourceView;
  readonly zone: string;
  readonly contexts: MeshContexts;
  /** In order of application. */
  readonly plugins: readonly AnyPolicyDescriptor[];
  readonly adminAuthority: AdminAuthority;
  readonly adminCertificates: CertificateKeeper;
}

/** Makes the snapshots of zone ingresses and egresses from the view. */
export class ZoneProxySource {
  constructor(private readonly options: ZoneProxySourceOptions) {}

  /** The snapshot of a zone proxy; undefined while its resource is not there. Throws where it cannot be built. */
  readonly build = (node: ProxyNode): Snapshot | undefined => {
    const { view, zone, plugins, adminAuthority, adminCertificates } = this.options;
    const resource = view.get(node.key);
    if (!resource) return undefined;
    const shared = {
      zone,
      contexts: this.contexts(),
      metadata: parseNodeMetadata(node.metadata),
      adminTls: adminAuthority.serverTls(resource, adminCertificates),
      plugins,
    };
    const result =
      node.kind === 'ZoneIngress'
        ? buildZoneIngress({ ...shared, ingress: resource as Resource<ZoneIngressSpec> })
        : buildZoneEgress({ ...shared, egress: resource as Resource<ZoneEgressSpec> });
    if (!result.ok) throw new Error(result.problems.join('; '));
    return result.snapshot;
  };

  private contexts(): MeshContext[] {
    const { view, contexts } = this.options;
    return view.list('Mesh').flatMap((mesh) => contexts.get(mesh.meta.name) ?? []);
  }
}
