import type { Resource } from '@mesh/core';
import type { ZoneEgressSpec } from '@mesh/resources';
import type { ChainModel } from '../build/listener.js';
import type { MeshContext } from '../context/mesh-context.js';
import { inboundListenerName } from '../model/names.js';
import { FEATURE_REUSE_PORT } from '../model/node-metadata.js';
import { addAdmin } from '../sidecar/admin.js';
import { encodeListener, ResourceCollector } from '../sidecar/collector.js';
import type { BuildResult } from '../snapshot/consistency.js';
import { addForwarding, type ZoneProxyInput } from './zone-proxy.js';

export interface ZoneEgressInput extends ZoneProxyInput {
  readonly egress: Resource<ZoneEgressSpec>;
  readonly zone: string;
}

/**
 * The configuration of a zone egress: forwards by SNI to the ingresses of other zones, for the
 * meshes that route through an egress (contract/dataplane.md §4).
 */
export function buildZoneEgress(input: ZoneEgressInput): BuildResult {
  const collector = new ResourceCollector();
  const { address = '', port = 0, admin } = input.egress.spec.networking ?? {};
  addAdmin(collector, { address, port: admin?.port, metadata: input.metadata, tls: input.adminTls });
  const contexts = [...input.contexts].sort((a, b) => (a.name < b.name ? -1 : 1));
  const chains = contexts
    .filter((context) => context.mtls && context.mesh.spec.routing?.zoneEgress)
    .flatMap((context) => meshChains(collector, input, context));
  const listenAddress = address || '0.0.0.0';
  if (port > 0) {
    collector.addListener(
      encodeListener({
        name: inboundListenerName(listenAddress, port),
        address: listenAddress,
        port,
        direction: 'inbound',
        reusePort: input.metadata.features.has(FEATURE_REUSE_PORT),
        inspectTls: true,
        chains: chains.length > 0 ? chains : [emptyChain(input)],
      }),
    );
  }
  return collector.finish();
}

function meshChains(collector: ResourceCollector, input: ZoneEgressInput, context: MeshContext): ChainModel[] {
  const chains: ChainModel[] = [];
  const all = context.directEndpoints();
  for (const service of [...all.keys()].sort()) {
    const endpoints = (all.get(service) ?? []).filter((endpoint) => endpoint.remote && !endpoint.external);
    if (endpoints.length === 0) continue;
    chains.push(...addForwarding(collector, { context, service, endpoints, addedTags: { mesh: context.name }, plugins: input.plugins }));
  }
  return chains;
}

function emptyChain(input: ZoneEgressInput): ChainModel {
  const body = JSON.stringify({ proxy: `.${input.egress.meta.name}`, zone: input.zone });
  return { authenticated: false, terminal: { kind: 'direct', body } };
}
