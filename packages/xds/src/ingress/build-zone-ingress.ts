import type { Resource } from '@mesh/core';
import type { ZoneIngressSpec } from '@mesh/resources';
import type { ChainModel } from '../build/listener.js';
import type { Endpoint } from '../context/endpoint.js';
import type { MeshContext } from '../context/mesh-context.js';
import { inboundListenerName } from '../model/names.js';
import { FEATURE_REUSE_PORT } from '../model/node-metadata.js';
import { addAdmin } from '../sidecar/admin.js';
import { encodeListener, ResourceCollector } from '../sidecar/collector.js';
import type { BuildResult } from '../snapshot/consistency.js';
import { addForwarding, type ZoneProxyInput } from './zone-proxy.js';

export interface ZoneIngressInput extends ZoneProxyInput {
  readonly ingress: Resource<ZoneIngressSpec>;
  readonly zone: string;
}

/**
 * The configuration of a zone ingress: forwards by SNI to the healthy instances of its own zone,
 * in every mesh (contract/dataplane.md §4).
 */
export function buildZoneIngress(input: ZoneIngressInput): BuildResult {
  const collector = new ResourceCollector();
  const { address = '', port = 0, admin } = input.ingress.spec.networking ?? {};
  addAdmin(collector, { address, port: admin?.port, metadata: input.metadata, tls: input.adminTls, memory: input.memory });
  const contexts = [...input.contexts].sort((a, b) => (a.name < b.name ? -1 : 1));
  const chains = contexts
    .filter((context) => context.mesh.spec.meshServices?.mode !== 'Exclusive')
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

function meshChains(collector: ResourceCollector, input: ZoneIngressInput, context: MeshContext): ChainModel[] {
  const chains: ChainModel[] = [];
  for (const service of [...context.endpoints.keys()].sort()) {
    const endpoints = (context.endpoints.get(service) ?? [])
      .filter((endpoint) => isOfZone(endpoint, input.zone))
      .map((endpoint) => ({ ...endpoint, weight: 1, priority: 0 }));
    if (endpoints.length > 0) chains.push(...addForwarding(collector, { context, service, endpoints, plugins: input.plugins }));
  }
  return chains;
}

/** Instances of this zone, and external services that its egress takes. */
function isOfZone(endpoint: Endpoint, zone: string): boolean {
  return endpoint.external ? endpoint.external.viaEgress && endpoint.zone === zone : !endpoint.remote;
}

/** Tells who calls that nothing is offered here. */
function emptyChain(input: ZoneIngressInput): ChainModel {
  const body = JSON.stringify({ proxy: `.${input.ingress.meta.name}`, zone: input.zone });
  return { authenticated: false, terminal: { kind: 'direct', body } };
}
