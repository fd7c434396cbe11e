import type { Resource } from '@mesh/core';
import { envoyRegistry } from '@mesh/proto/envoy-registry.js';
import { externalService, mesh, resource, testIdentity, validateWithEnvoy, zoneEgress } from '@mesh/testing';
import { buildZoneEgress, describeSnapshot, parseNodeMetadata } from '@mesh/xds';
import { expect, test } from 'vitest';
import { policyKinds } from '../src/index.js';
import { contextOf } from './run-policy-cases.js';

interface Filter {
  readonly name: string;
  readonly typedConfig: { readonly rules?: { readonly policies?: object }; readonly httpFilters?: readonly Filter[] };
}
interface Chain {
  readonly name?: string;
  readonly filters: readonly Filter[];
}

/** What the RBAC filters in front of an external service admit, as a running Envoy accepts them. */
async function admitted(protocol: string, ...policies: readonly Resource[]): Promise<unknown[]> {
  const external = externalService('ext', '10.0.0.9:80', { 'kuma.io/protocol': protocol }).build();
  const context = contextOf(policyKinds, [mesh().mtls().zoneEgress().build(), external, ...policies]);
  const egress = zoneEgress().zone('zone-1').build();
  const identities = new Map([['default', testIdentity]]);
  const metadata = parseNodeMetadata({});
  const result = buildZoneEgress({ contexts: [context], egress, zone: 'zone-1', identities, metadata, plugins: policyKinds });
  if (!result.ok) throw new Error(result.problems.join('; '));
  const resources = describeSnapshot(result.snapshot, envoyRegistry());
  expect(await validateWithEnvoy('egress', resources)).toBeUndefined();
  const chains = (resources.Listener ?? []).flatMap((listener) => listener.filterChains as unknown as Chain[]);
  const filters = chains.filter((chain) => chain.name === 'ext_default').flatMap((chain) => chain.filters);
  return [...filters, ...filters.flatMap(({ typedConfig }) => typedConfig.httpFilters ?? [])]
    .filter(({ name }) => name.endsWith('.rbac'))
    .map(({ typedConfig }) => typedConfig.rules?.policies ?? {});
}

const policy = (kind: string, spec: object) =>
  resource(kind, 'p')
    .withSpec(spec as Resource['spec'])
    .build();
const everybody = [{ permissions: [{ any: true }], principals: [{ any: true }] }];
const allow = [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }];

test('an external service behind an egress admits nobody until a policy says who may', async () => {
  expect(await admitted('http')).toEqual([{}]);
  expect(await admitted('tcp')).toEqual([{}]);
});

test.each(['http', 'tcp'])('permissions for the mesh, and for the service by its tags, admit callers over %s', async (protocol) => {
  const admits = [{ MeshTrafficPermission: everybody[0] }];
  expect(await admitted(protocol, policy('MeshTrafficPermission', { from: allow }))).toEqual(admits);
  const byName = { targetRef: { kind: 'MeshService', name: 'ext' }, from: allow };
  expect(await admitted(protocol, policy('MeshTrafficPermission', byName))).toEqual(admits);
});

test('permissions for dataplanes, or for another service, admit nobody', async () => {
  const refs = [{ kind: 'Dataplane' }, { kind: 'MeshService', name: 'other' }];
  for (const targetRef of refs) expect(await admitted('http', policy('MeshTrafficPermission', { targetRef, from: allow }))).toEqual([{}]);
});

test('a TrafficPermission admits its sources to an external service', async () => {
  const spec = { sources: [{ match: { 'kuma.io/service': 'web' } }], destinations: [{ match: { 'kuma.io/service': 'ext' } }] };
  const principals = [{ authenticated: { principalName: { exact: 'spiffe://default/web' } } }];
  expect(await admitted('http', policy('TrafficPermission', spec))).toEqual([{ p: { permissions: [{ any: true }], principals } }]);
});
