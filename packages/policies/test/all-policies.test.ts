import { join } from 'node:path';
import type { Resource } from '@mesh/core';
import { envoyRegistry } from '@mesh/proto/envoy-registry.js';
import { dataplane, expectGolden, mesh, resource, testIdentity, validateWithEnvoy, viewOf, zoneIngress } from '@mesh/testing';
import {
  BuildMemory,
  buildMeshContext,
  buildSidecar,
  buildZoneIngress,
  describeSnapshot,
  type ProxyMetadata,
  parseNodeMetadata,
} from '@mesh/xds';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultPoliciesForMesh, policyKinds } from '../src/index.js';
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
  expect(defaultPoliciesForMesh('m', { skipCreatingInitialPolicies: ['MeshTimeout'] })).toEqual([]);
  expect(defaultPoliciesForMesh('m', { skipCreatingInitialPolicies: ['*'] })).toEqual([]);
  const names = ['mesh-timeout-all-m', 'mesh-gateways-timeout-all-m'];
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

describe('any state of a mesh', () => {
  const services = fc.constantFrom('web', 'backend', 'redis', 'echo-server_kuma_svc_80');
  const tags = fc.record(
    {
      'kuma.io/service': services,
      'kuma.io/protocol': fc.constantFrom('http', 'grpc', 'tcp', 'kafka', 'nonsense'),
      version: fc.constantFrom('v1', 'v2'),
    },
    { requiredKeys: [] },
  );
  const port = fc.integer({ min: 0, max: 65535 });
  const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1', 'host.example.com', '');
  const inbound = fc.record(
    { port, servicePort: port, tags, state: fc.constantFrom('Ready', 'NotReady', 'Ignored'), address },
    { requiredKeys: ['port'] },
  );
  const outbound = fc.record({ port, tags, address }, { requiredKeys: ['port'] });
  const ref = fc.constantFrom(
    { kind: 'Mesh' },
    { kind: 'MeshService', name: 'backend' },
    { kind: 'MeshSubset', tags: { version: 'v1' } },
    { kind: 'Dataplane', name: 'dp-0' },
    { kind: 'Dataplane', labels: {}, sectionName: '80' },
  );
  const backendRef = fc.record({
    kind: fc.constant('MeshServiceSubset'),
    name: services,
    tags: fc.constantFrom({}, { version: 'v1' }),
    weight: fc.nat(3),
  });
  const action = fc.constantFrom('Allow', 'Deny', 'AllowWithShadowDeny');
  const specs = fc.oneof(
    fc.record({
      kind: fc.constant('MeshTrafficPermission'),
      spec: fc.record({ targetRef: ref, from: fc.array(fc.record({ targetRef: ref, default: fc.record({ action }) }), { maxLength: 3 }) }),
    }),
    fc.record({
      kind: fc.constant('MeshHTTPRoute'),
      spec: fc.record({
        targetRef: ref,
        to: fc.array(
          fc.record({
            targetRef: ref,
            rules: fc.array(
              fc.record({
                matches: fc.constantFrom(
                  [{ path: { type: 'PathPrefix', value: '/' } }],
                  [{ method: 'GET' }, { path: { type: 'Exact', value: '/x' } }],
                ),
                default: fc.record({ backendRefs: fc.array(backendRef, { maxLength: 3 }) }, { requiredKeys: [] }),
              }),
              { maxLength: 2 },
            ),
          }),
          { maxLength: 2 },
        ),
      }),
    }),
    fc.record({
      kind: fc.constant('MeshTCPRoute'),
      spec: fc.record({
        to: fc.array(
          fc.record({
            targetRef: ref,
            rules: fc.array(fc.record({ default: fc.record({ backendRefs: fc.array(backendRef, { maxLength: 3 }) }) }), { maxLength: 1 }),
          }),
          { maxLength: 2 },
        ),
      }),
    }),
    fc.record({
      kind: fc.constant('TrafficRoute'),
      spec: fc.record({
        sources: fc.constantFrom([{}], [{ match: { 'kuma.io/service': 'web' } }], undefined),
        destinations: fc.constant([{ match: { 'kuma.io/service': '*' } }]),
        conf: fc.record(
          {
            destination: tags,
            split: fc.array(fc.record({ weight: fc.nat(2), destination: tags })),
            http: fc.array(fc.record({ match: fc.constant({ path: { prefix: '/' } }), destination: tags })),
          },
          { requiredKeys: [] },
        ),
      }),
    }),
    fc.record({
      kind: fc.constant('MeshTimeout'),
      spec: fc.record({
        targetRef: ref,
        to: fc.array(fc.record({ targetRef: ref, default: fc.constant({ http: { requestTimeout: '1s' } }) }), { maxLength: 2 }),
      }),
    }),
  );
  const state = fc.record({
    meshSpec: fc.constantFrom(
      {},
      mesh().mtls().build().spec,
      mesh().mtls('ca', 'PERMISSIVE').build().spec,
      mesh().mtls().zoneEgress().build().spec,
    ),
    dataplanes: fc.array(
      fc.record({ address, inbound: fc.array(inbound, { maxLength: 3 }), outbound: fc.array(outbound, { maxLength: 3 }) }),
      { minLength: 1, maxLength: 4 },
    ),
    policies: fc.array(specs, { maxLength: 5 }),
    features: fc.subarray(['feature-bind-outbounds', 'feature-reuse-port']),
  });

  type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

  function resourcesOf({ meshSpec, dataplanes, policies }: State): Resource[] {
    return [
      mesh().withSpec(meshSpec).build(),
      ...dataplanes.map((networking, i) =>
        resource('Dataplane', `dp-${i}`)
          .withSpec({ networking } as unknown as Resource['spec'])
          .build(),
      ),
      ...policies.map(({ kind, spec }, i) =>
        resource(kind, `p-${i}`)
          .withSpec(spec as unknown as Resource['spec'])
          .build(),
      ),
      zoneIngress()
        .zone('zone-2')
        .advertised('10.9.9.9')
        .offers('backend', { tags: { 'kuma.io/protocol': 'http' } })
        .build(),
    ];
  }

  function buildFirst(list: readonly Resource[], options: { metadata: ProxyMetadata; memory?: BuildMemory }) {
    const context = buildMeshContext({
      view: viewOf(...list),
      mesh: 'default',
      zone: 'zone-1',
      policyKinds: policyKinds.map(({ kind }) => kind),
      vips: { port: 80, domain: 'mesh' },
    });
    if (!context?.dataplanes[0]) throw new Error('the view has a mesh with a dataplane');
    return buildSidecar({ context, dataplane: context.dataplanes[0], identity: testIdentity, plugins: policyKinds, ...options });
  }

  test('gives a configuration that holds together, the same whatever order the resources came in', () => {
    fc.assert(
      fc.property(state, (one) => {
        const metadata = parseNodeMetadata({ features: one.features });
        const result = buildFirst(resourcesOf(one), { metadata });
        expect(result.ok ? [] : result.problems).toEqual([]);
        expect(buildFirst(resourcesOf(one).reverse(), { metadata })).toEqual(result);
      }),
      { numRuns: 200 },
    );
  });

  test('gives the same configuration from the memory of earlier builds as from scratch', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 2, maxLength: 3 }), fc.array(fc.nat(), { minLength: 2, maxLength: 6 }), (states, steps) => {
        const metadata = parseNodeMetadata({ features: states[0]?.features ?? [] });
        const memory = new BuildMemory();
        const known = states.map(resourcesOf);
        let current = known[0] ?? [];
        for (const step of steps) {
          // One resource at a time takes its form in another state: the rest stays the very same object.
          const other = known[step % known.length] ?? [];
          const changed = other[step % other.length];
          if (changed) current = [...current.filter(({ kind, meta }) => kind !== changed.kind || meta.name !== changed.meta.name), changed];
          expect(buildFirst(current, { metadata, memory })).toEqual(buildFirst(current, { metadata }));
        }
      }),
      { numRuns: 150 },
    );
  });
});
