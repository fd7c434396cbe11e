import type { Resource } from '@mesh/core';
import { dataplane, mesh, resource, validateWithEnvoy } from '@mesh/testing';
import { expect, test } from 'vitest';
import { policyKinds } from '../src/index.js';
import { contextOf, sidecarResources } from './run-policy-cases.js';

const policy = (kind: string, name: string, spec: object) => resource(kind, name).withSpec(spec as Resource['spec']);
const slow = policy('MeshHTTPRoute', 'slow', {
  to: [
    {
      targetRef: { kind: 'MeshService', name: 'backend' },
      rules: [{ matches: [{ path: { type: 'Exact', value: '/slow' } }], default: {} }],
    },
  ],
}).label('team', 'a');
const timeout = (name: string, targetRef: object, requestTimeout: string) =>
  policy('MeshTimeout', name, { to: [{ targetRef, default: { http: { requestTimeout } } }] }).build();

interface RouteJson {
  readonly match: { readonly path?: string; readonly prefix?: string };
  readonly route: { readonly timeout: string };
}

/** Request timeouts of `web -> backend` by path, as Envoy accepts them. */
async function timeouts(...policies: readonly Resource[]): Promise<Record<string, string>> {
  const web = dataplane('web-1').outbound('backend', 10001).build();
  const backend = dataplane('backend-1').address('192.168.0.2').inbound('backend', 80, { protocol: 'http' }).build();
  const context = contextOf(policyKinds, [mesh().build(), web, backend, slow.build(), ...policies]);
  const resources = sidecarResources(policyKinds, context, { name: 'web-1' });
  expect(await validateWithEnvoy('web-1', resources)).toBeUndefined();
  const hosts = (resources.RouteConfiguration ?? []).flatMap((config) => config.virtualHosts as unknown as { routes: RouteJson[] }[]);
  const routes = hosts.flatMap((host) => host.routes);
  return Object.fromEntries(routes.map(({ match, route }) => [match.path ?? match.prefix, route.timeout]));
}

test('a timeout for a route, by name or labels, holds for the requests of that route alone', async () => {
  const all = timeout('all', { kind: 'Mesh' }, '2s');
  expect(await timeouts(all, timeout('a', { kind: 'MeshHTTPRoute', name: 'slow' }, '60s'))).toEqual({ '/slow': '60s', '/': '2s' });
  expect(await timeouts(all, timeout('a', { kind: 'MeshHTTPRoute', labels: { team: 'a' } }, '60s'))).toEqual({ '/slow': '60s', '/': '2s' });
  expect(await timeouts(all, timeout('a', { kind: 'MeshHTTPRoute', name: 'other' }, '60s'))).toEqual({ '/slow': '2s', '/': '2s' });
});

const warningsOf = (kind: string, spec: object): readonly string[] =>
  policyKinds.find((candidate) => candidate.kind === kind)?.deprecations?.(spec, { name: 'p', mesh: 'default', labels: {} }) ?? [];

test('a destination that is a resource of its own has no effect, and whoever writes it is told', async () => {
  const ref = { kind: 'MeshService', name: 'backend', sectionName: 'http' };
  expect(await timeouts(timeout('a', ref, '60s'))).toEqual({ '/slow': '0s', '/': '0s' });
  const refs = [
    ref,
    { kind: 'MeshService', labels: { a: 'b' } },
    { kind: 'MeshExternalService', name: 'x' },
    { kind: 'MeshService', name: 'x' },
  ];
  const to = refs.map((targetRef) => ({ targetRef, rules: [], default: {} }));
  for (const kind of ['MeshTimeout', 'MeshHTTPRoute', 'MeshTCPRoute']) {
    expect(warningsOf(kind, { to })).toEqual([0, 1, 2].map((i) => expect.stringMatching(`^spec\\.to\\[${i}\\]\\.targetRef: .* no effect`)));
  }
});

test('a backend that is a resource of its own is left out, and whoever writes it is told', () => {
  const backendRefs = [
    { kind: 'MeshService', name: 'backend' },
    { kind: 'MeshService', name: 'backend', port: 80 },
  ];
  const to = [{ targetRef: { kind: 'MeshService', name: 'backend' }, rules: [{ matches: [{}], default: { backendRefs } }] }];
  for (const kind of ['MeshHTTPRoute', 'MeshTCPRoute']) {
    expect(warningsOf(kind, { to })).toEqual([expect.stringMatching(/^spec\.to\[0\]\.rules\[0\]\.default\.backendRefs\[1\]: .* left out/)]);
  }
});

test('a policy for gateways or for the proxies of a route chooses no proxies, and whoever writes it is told', () => {
  expect(warningsOf('MeshTCPRoute', { targetRef: { kind: 'MeshGateway', name: 'edge' }, to: [] })).toEqual([
    expect.stringContaining('no effect'),
  ]);
  expect(warningsOf('MeshTimeout', { targetRef: { kind: 'MeshHTTPRoute', name: 'r' }, to: [] })).toContainEqual(
    expect.stringContaining('no effect'),
  );
});
