import type { Resource } from '@mesh/core';
import type { ZoneEgressSpec } from '@mesh/resources';
import type { ChainModel } from '../build/listener.js';
import type { MeshContext } from '../context/mesh-context.js';
import { inboundListenerName } from '../model/names.js';
import { FEATURE_REUSE_PORT } from '../model/node-metadata.js';
import { addAdmin } from '../sidecar/admin.js';
import { encodeListener, ResourceCollector } from '../sidecar/collector.js';
import type { ProxyIdentity } from '../sidecar/input.js';
import { addSecrets } from '../sidecar/secrets.js';
import type { BuildResult } from '../snapshot/consistency.js';
import { addExternalService } from './external-service.js';
import { addForwarding, type ZoneProxyInput } from './zone-proxy.js';

export interface ZoneEgressInput extends ZoneProxyInput {
  readonly egress: Resource<ZoneEgressSpec>;
  readonly zone: string;
  /** Certificates of the egress by mesh; without one the external services of the mesh have to wait. */
  readonly identities: ReadonlyMap<string, ProxyIdentity>;
}

/** True where the sidecars of a mesh leave the zone through its egress. */
export function usesEgress(context: MeshContext): boolean {
  return context.mtls !== undefined && context.mesh.spec.routing?.zoneEgress === true;
}

/**
 * The configuration of a zone egress, for the meshes that route through one: forwards by SNI to the
 * ingresses of other zones, and dials external services for callers it authenticated
 * (contract/dataplane.md §4).
 */
export function buildZoneEgress(input: ZoneEgressInput): BuildResult {
  const collector = new ResourceCollector();
  const { address = '', port = 0, admin } = input.egress.spec.networking ?? {};
  addAdmin(collector, { address, port: admin?.port, metadata: input.metadata, tls: input.adminTls, memory: input.memory });
  const contexts = [...input.contexts].sort((a, b) => (a.name < b.name ? -1 : 1));
  const listenAddress = address || '0.0.0.0';
  const listener = inboundListenerName(listenAddress, port);
  const chains = contexts.filter(usesEgress).flatMap((context) => meshChains(collector, { input, context, listener }));
  if (port > 0) {
    collector.addListener(
      encodeListener({
        name: listener,
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

interface EgressMesh {
  readonly input: ZoneEgressInput;
  readonly context: MeshContext;
  /** Name of the listener the chains are for. */
  readonly listener: string;
}

function meshChains(collector: ResourceCollector, egressMesh: EgressMesh): ChainModel[] {
  const { input, context, listener } = egressMesh;
  const identity = input.identities.get(context.name);
  const chains: ChainModel[] = [];
  const all = context.egressEndpoints();
  let external = false;
  for (const service of [...all.keys()].sort()) {
    const endpoints = all.get(service) ?? [];
    const outside = endpoints.filter((endpoint) => endpoint.external);
    const remote = endpoints.filter((endpoint) => endpoint.remote);
    if (outside.length > 0) {
      external = true;
      if (identity) chains.push(addExternalService(collector, { ...input, context, service, endpoints: outside, listener }));
    } else if (remote.length > 0) {
      const forwarded = {
        context,
        service,
        endpoints: remote,
        addedTags: { mesh: context.name },
        plugins: input.plugins,
        trackRemaining: true,
      };
      chains.push(...addForwarding(collector, forwarded));
    }
  }
  if (identity && external) addSecrets(collector, context.name, identity);
  return chains;
}

function emptyChain(input: ZoneEgressInput): ChainModel {
  const body = JSON.stringify({ proxy: `.${input.egress.meta.name}`, zone: input.zone });
  return { authenticated: false, terminal: { kind: 'direct', body } };
}
