import { join } from 'node:path';
import type { Resource } from '@mesh/core';
import { envoyRegistry } from '@mesh/proto/envoy-registry.js';
import { dataplane, expectGolden, mesh, resource, validateWithEnvoy, zoneIngress } from '@mesh/testing';
import { buildZoneIngress, describeSnapshot, parseNodeMetadata } from '@mesh/xds';
import { expect, test } from 'vitest';
import { policyKinds } from '../src/index.js';
import { defaultPoliciesForMesh } from '../src/kinds.js';
import { contextOf, resourceOf, sidecarResources } from './run-policy-cases.js';

const dir = join(import.meta.dirname, 'testdata');

function defaults(): Resource[] {
  return defaultPoliciesForMesh('default').map((draft) =>
    resource(draft.kind, draft.name)
      .withSpec(draft.spec as Resource['spec'])
      .build(),
  );
}

const allowAll = resource('MeshTrafficPermission', 'allow-all').withSpec({
  targetRef: { kind: 'Mesh' },
  from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }],
});

test('every default policy is a document that its own kind accepts', () => {
  for (const draft of defaultPoliciesForMesh('default', {}, { routingResources: true })) {
    const descriptor = policyKinds.find(({ kind }) => kind === draft.kind);
    const spec = draft.spec as Resource['spec'];
    const document = { type: draft.kind, mesh: draft.mesh, name: draft.name, ...(descriptor?.shape === 'plugin' ? { spec } : spec) };
    expect(descriptor && resourceOf(descriptor, document).spec).toEqual(draft.spec);
  }
});

test('a mesh that skips a kind, or all, does not get its default policies', () => {
  const namesOf = (skipped: string[]) => defaultPoliciesForMesh('m', { skipCreatingInitialPolicies: skipped }).map(({ name }) => name);
  expect(namesOf(['MeshTimeout'])).toEqual(['mesh-circuit-breaker-all-m', 'mesh-retry-all-m']);
  expect(namesOf(['*'])).toEqual([]);
  const names = ['mesh-timeout-all-m', 'mesh-gateways-timeout-all-m', 'mesh-circuit-breaker-all-m', 'mesh-retry-all-m'];
  expect(defaultPoliciesForMesh('m').map(({ name }) => name)).toEqual(names);
  const withRouting = defaultPoliciesForMesh('m', {}, { routingResources: true });
  expect(withRouting.map(({ name }) => name)).toEqual([...names, 'allow-all-m', 'route-all-m']);
});

test('a sidecar of a new mesh with all policies in force is accepted by Envoy', async () => {
  const sidecar = dataplane('echo-z1')
    .address('10.77.0.2')
    .inbound('echo-server', 2010, { servicePort: 1010, protocol: 'http', tags: { 'kuma.io/zone': 'zone-1' } })
    .outbound('echo-server', 20012)
    .build();
  const context = contextOf(policyKinds, [mesh().mtls().build(), sidecar, allowAll.build(), ...defaults()]);
  const { Secret: secrets, ...shown } = sidecarResources(policyKinds, context, { name: 'echo-z1' });
  expectGolden({ dir, name: 'new-mesh' }, Object.fromEntries(Object.entries(shown).map(([type, list]) => [type.toLowerCase(), list])));
  expect(await validateWithEnvoy('new-mesh', { ...shown, ...(secrets ? { Secret: secrets } : {}) })).toBeUndefined();
});

test('a zone ingress has an SNI for each subset that a route of any kind sends traffic to', async () => {
  const backend = (name: string, address: string, version: string) =>
    dataplane(name)
      .address(address)
      .inbound('backend', 80, { protocol: 'http', tags: { version, 'kuma.io/zone': 'zone-1' } })
      .build();
  const subset = (tags: Record<string, string>) => ({ kind: 'MeshServiceSubset', name: 'backend', tags });
  const httpRoute = resource('MeshHTTPRoute', 'r').withSpec({
    to: [
      {
        targetRef: { kind: 'MeshService', name: 'backend' },
        rules: [
          { matches: [{ path: { type: 'PathPrefix', value: '/' } }], default: { backendRefs: [subset({ 'kuma.io/zone': 'zone-1' })] } },
        ],
      },
    ],
  });
  const tcpRoute = resource('MeshTCPRoute', 'r').withSpec({
    to: [{ targetRef: { kind: 'MeshService', name: 'x' }, rules: [{ default: { backendRefs: [subset({ version: 'v1' })] } }] }],
  });
  const legacy = resource('TrafficRoute', 'r').withSpec({
    sources: [{ match: { 'kuma.io/service': '*' } }],
    destinations: [{ match: { 'kuma.io/service': '*' } }],
    conf: { split: [{ weight: 1, destination: { 'kuma.io/service': '*', version: 'v2' } }] },
  });
  const context = contextOf(policyKinds, [
    mesh().mtls().build(),
    backend('backend-1', '192.168.0.2', 'v1'),
    backend('backend-2', '192.168.0.3', 'v2'),
    httpRoute.build(),
    tcpRoute.build(),
    legacy.build(),
  ]);
  const result = buildZoneIngress({
    contexts: [context],
    ingress: zoneIngress().zone('zone-1').build(),
    zone: 'zone-1',
    metadata: parseNodeMetadata({}),
    plugins: policyKinds,
  });
  if (!result.ok) throw new Error(result.problems.join('; '));
  const resources = describeSnapshot(result.snapshot, envoyRegistry());
  expectGolden({ dir, name: 'zone-ingress-subsets' }, { listener: resources.Listener, cluster: resources.Cluster });
  expect(await validateWithEnvoy('zone-ingress-subsets', resources)).toBeUndefined();
});
