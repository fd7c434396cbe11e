import type { ProxyXds } from '@mesh/control-plane/proxies';
import { LABEL_EFFECT, MeshError, type Resource, ResourceView } from '@mesh/core';
import type { DataplaneInsightSpec, DataplaneSpec } from '@mesh/resources';
import { buildSidecar, parseNodeMetadata, snapshotDocument } from '@mesh/xds';

/** Stand in for certificates and keys, which nobody is shown; the same as Kuma's. */
const PLACEHOLDERS = { certPem: 'CERT', keyPem: 'KEY' };

/** Of which sidecar, and whether as if policies with the effect `shadow` were in effect. */
export interface PreviewRequest {
  readonly mesh: string;
  readonly name: string;
  readonly shadow: boolean;
}

/**
 * What a sidecar gets, or would get, as JSON: resources by type URL and name (contract/rest-api.md §3, `_config`). Made
 * from the view and from what the Envoy last told of itself, so any instance can make it, wherever the proxy is connected.
 * Throws `not_found` for a sidecar that never connected, `unavailable` where no configuration holds together.
 */
export async function previewConfig(
  request: PreviewRequest,
  { view, xds }: { readonly view: ResourceView; readonly xds: ProxyXds },
): Promise<Uint8Array> {
  const { mesh, name, shadow } = request;
  const dataplane = view.find<DataplaneSpec>('Dataplane', mesh, name);
  const insight = view.find<DataplaneInsightSpec>('DataplaneInsight', mesh, name);
  const context = xds.contextsOf(shadow ? withShadows(view, mesh) : view).get(mesh);
  if (!dataplane || !insight || !context) throw new MeshError('not_found', { public: 'Not found' });
  const result = buildSidecar({
    context,
    dataplane,
    metadata: parseNodeMetadata(insight.spec.metadata ?? {}),
    plugins: xds.plugins,
    ...(context.mtls ? { identity: { ...PLACEHOLDERS, caPems: ['CA'] } } : {}),
    ...(xds.adminAuthority.ca() ? { adminTls: { version: '', make: () => ({ ...PLACEHOLDERS, caPem: 'CA' }) } } : {}),
  });
  if (!result.ok) throw new MeshError('unavailable', { public: `no configuration holds together: ${result.problems.join('; ')}` });
  // Every message of Envoy: loaded where it is needed, and not before.
  const { envoyRegistry } = await import('@mesh/proto/envoy-registry.js');
  return Buffer.from(JSON.stringify(snapshotDocument(result.snapshot, envoyRegistry())));
}

/** What concerns a mesh, its shadow policies without the label that keeps them from having an effect. */
function withShadows(view: ResourceView, mesh: string): ResourceView {
  const copy = new ResourceView();
  const resources = [...view.all()].filter(({ meta }) => meta.mesh === '' || meta.mesh === mesh).map(inEffect);
  copy.apply({ type: 'snapshot', snapshot: { revision: view.revision, resources } });
  return copy;
}

function inEffect(resource: Resource): Resource {
  const { [LABEL_EFFECT]: effect, ...labels } = resource.meta.labels;
  return effect === 'shadow' ? { ...resource, meta: { ...resource.meta, labels } } : resource;
}
