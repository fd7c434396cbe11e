import type { JsonObject, Resource } from '@mesh/core';
import { envoyRegistry } from '@mesh/proto/envoy-registry.js';
import { dataplane, mesh, viewOf, zoneEgress, zoneIngress } from '@mesh/testing';
import {
  type BuildResult,
  buildMeshContext,
  buildSidecar,
  describeSnapshot,
  type MeshContext,
  type ProxyIdentity,
  parseNodeMetadata,
  type TlsOnDemand,
} from '../src/index.js';

/** Certificates that Envoy can read, so that every golden can be validated. Made for these tests, valid for a hundred years. */

/** Metadata of the 2.14 bootstrap the goldens were compared with. */
export const observedMetadata: JsonObject = {
  'dataplane.admin.port': '9901',
  'dataplane.admin.address': '127.0.0.1',
  'dataplane.admin.socketPath': '/tmp/kuma-envoy-admin.sock',
  'dataplane.readinessReporter.port': '9902',
  'dataplane.dns.port': '15054',
  workdir: '/tmp',
  ipv6Enabled: true,
  features: ['feature-tcp-accesslog-via-named-pipe', 'feature-strict-inbound-ports', 'feature-reuse-port'],
};

/** The context of mesh `default` in zone `z1`, from some resources. */
export function contextOf(...resources: readonly Resource[]): MeshContext {
  const context = buildMeshContext({
    view: viewOf(...resources),
    mesh: 'default',
    zone: 'z1',
    policyKinds: [],
    vips: { port: 80, domain: 'mesh' },
  });
  if (!context) throw new Error('the resources hold no mesh "default"');
  return context;
}

/** The resources of a snapshot as JSON; throws where the build found problems. */
export function described(result: BuildResult): Record<string, JsonObject[]> {
  if (!result.ok) throw new Error(result.problems.join('; '));
  return describeSnapshot(result.snapshot, envoyRegistry());
}

/** The two-zone mesh that was observed: one service in both zones, mTLS on. */
export function observedMesh() {
  return {
    mesh: mesh().mtls().build(),
    sidecar: dataplane('echo-z1')
      .address('10.77.0.2')
      .inbound('echo-server', 2010, { servicePort: 1010, protocol: 'http', tags: { 'kuma.io/zone': 'z1' } })
      .outbound('echo-server', 20012)
      .fromZone('z1')
      .label('kuma.io/env', 'universal')
      .label('kuma.io/mesh', 'default')
      .label('kuma.io/proxy-type', 'sidecar')
      .build(),
    remote: zoneIngress('ingress-z2')
      .zone('z2')
      .address('10.77.0.3', 10000)
      .advertised('10.77.0.3', 10000)
      .offers('echo-server', { tags: { 'kuma.io/protocol': 'http' } })
      .build(),
    ingress: zoneIngress('ingress-z1').zone('z1').address('10.77.0.2', 10000).advertised('10.77.0.2', 10000).build(),
    egress: zoneEgress('egress-z1').zone('z1').address('10.77.0.2', 10002).build(),
  };
}

/** A sidecar without policies. */
export function sidecarOf(
  context: MeshContext,
  name: string,
  options: { metadata?: JsonObject; identity?: ProxyIdentity; adminTls?: TlsOnDemand } = {},
): BuildResult {
  const found = context.dataplanes.find((candidate) => candidate.meta.name === name);
  if (!found) throw new Error(`no dataplane ${name}`);
  return buildSidecar({
    context,
    dataplane: found,
    metadata: parseNodeMetadata(options.metadata ?? observedMetadata),
    identity: options.identity,
    adminTls: options.adminTls,
    plugins: [],
  });
}
