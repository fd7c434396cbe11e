import type { Resource } from '@mesh/core';
import { mesh, resource, zoneIngress } from '@mesh/testing';
import fc from 'fast-check';

const services = fc.constantFrom('web', 'backend', 'backend', 'echo-server_kuma_svc_80');
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
const inbound = fc.oneof(
  fc.record({ port, servicePort: port, tags, state: fc.constantFrom('Ready', 'NotReady', 'Ignored'), address }, { requiredKeys: ['port'] }),
  {
    arbitrary: fc.record({
      port: fc.constantFrom(80, 81),
      tags: fc.record({
        'kuma.io/service': services,
        'kuma.io/protocol': fc.constantFrom('http', 'http', 'tcp'),
        version: fc.constantFrom('v1', 'v2'),
      }),
    }),
    weight: 2,
  },
);
const outbound = fc.oneof(
  fc.record({ port, tags, address }, { requiredKeys: ['port'] }),
  // Most mean something: the rest of a mesh matters to who has a use for it.
  { arbitrary: fc.record({ port: fc.integer({ min: 1000, max: 1010 }), tags: fc.record({ 'kuma.io/service': services }) }), weight: 4 },
);
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
      to: fc.array(
        fc.record({ targetRef: ref, default: fc.constantFrom({ http: { requestTimeout: '1s' } }, { http: { requestTimeout: '2s' } }) }),
        { maxLength: 2 },
      ),
    }),
  }),
);

/** Confs of policies for outbounds: one of them differs from the others in what it leaves out. */
const OUTBOUND_CONFS: Readonly<Record<string, readonly object[]>> = {
  MeshRetry: [{ http: { numRetries: 1 } }, { http: { numRetries: 2 }, tcp: { maxConnectAttempt: 2 } }],
  MeshCircuitBreaker: [
    { connectionLimits: { maxRequests: 1 } },
    { outlierDetection: { detectors: { totalFailures: { consecutive: 1 } } } },
  ],
  MeshHealthCheck: [{ http: { path: '/a' } }, { tcp: {}, http: { disabled: true } }],
  MeshAccessLog: [{ backends: [{ type: 'File', file: { path: '/a' } }] }, { backends: [] }],
  MeshLoadBalancingStrategy: [
    { loadBalancer: { type: 'Random' } },
    { loadBalancer: { type: 'RingHash' }, hashPolicies: [{ type: 'Header', header: { name: 'a' } }] },
  ],
};

const INBOUND_CONFS: Readonly<Record<string, readonly object[]>> = {
  MeshCircuitBreaker: [{ connectionLimits: { maxRequests: 1 } }, { connectionLimits: { maxRequests: 2 } }],
  MeshAccessLog: [{ backends: [{ type: 'File', file: { path: '/b' } }] }],
  MeshRateLimit: [{ local: { http: { requestRate: { num: 1, interval: '1s' } } } }, { local: { tcp: { disabled: true } } }],
  MeshFaultInjection: [{ http: [{ abort: { httpStatus: 500, percentage: 1 } }] }, { http: [] }],
  MeshTLS: [{ mode: 'Permissive' }, { mode: 'Strict' }, { tlsVersion: { min: 'TLS12', max: 'TLSAuto' } }],
};

const selectors = fc.constantFrom([{ match: { 'kuma.io/service': '*' } }], [{ match: { 'kuma.io/service': 'backend', version: 'v1' } }]);
const SELECTOR_CONFS: Readonly<Record<string, object>> = {
  FaultInjection: { abort: { httpStatus: 500, percentage: 1 } },
  RateLimit: { http: { requests: 1, interval: '1s' } },
};

const otherSpecs = fc.oneof(
  ...Object.entries(SELECTOR_CONFS).map(([kind, conf]) =>
    fc.record({ kind: fc.constant(kind), spec: fc.record({ sources: selectors, destinations: selectors, conf: fc.constant(conf) }) }),
  ),
  fc.record({
    kind: fc.constant('MeshPassthrough'),
    spec: fc.record({ targetRef: ref, default: fc.record({ passthroughMode: fc.constantFrom('All', 'None') }) }),
  }),
  ...Object.entries(OUTBOUND_CONFS).map(([kind, confs]) => {
    const to = fc.array(fc.record({ targetRef: ref, default: fc.constantFrom(...confs) }), { maxLength: 2 });
    return fc.record({ kind: fc.constant(kind), spec: fc.record({ targetRef: ref, to }) });
  }),
  ...Object.entries(INBOUND_CONFS).map(([kind, confs]) => {
    const matches = fc.constantFrom(undefined, [{ spiffeID: { type: 'Exact', value: 'spiffe://default/web' } }]);
    const from = fc.array(fc.record({ targetRef: ref, default: fc.constantFrom(...confs) }), { maxLength: 2 });
    const rules = fc.array(fc.record({ matches, default: fc.constantFrom(...confs) }), { maxLength: 2 });
    const lists = fc.oneof(fc.record({ targetRef: ref, from }), fc.record({ targetRef: ref, rules }));
    return fc.record({ kind: fc.constant(kind), spec: lists });
  }),
);

/** A mesh with some sidecars and policies; most of it makes sense. */
export const randomMesh = fc.record({
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
  policies: fc.array(fc.oneof(specs, otherSpecs), { maxLength: 6 }),
  features: fc.subarray(['feature-bind-outbounds', 'feature-reuse-port']),
});

/** What {@link randomMesh} gives. */
export type RandomMesh = typeof randomMesh extends fc.Arbitrary<infer T> ? T : never;

/** The resources of a random mesh; the ingress of another zone offers something too. */
export function resourcesOf({ meshSpec, dataplanes, policies }: RandomMesh): Resource[] {
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
