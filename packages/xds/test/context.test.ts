import type { Resource, ResourceView, ViewChange } from '@mesh/core';
import { dataplane, externalService, mesh, resource, viewOf, zoneEgress, zoneIngress } from '@mesh/testing';
import { describe, expect, test } from 'vitest';
import { computeAvailableServices, type Endpoint, MeshContexts, removesEndpoint, vipConfigName } from '../src/index.js';
import { contextOf } from './cases.js';

const web = (name: string, address: string) =>
  dataplane(name)
    .address(address)
    .inbound('web', 80, { tags: { 'kuma.io/zone': 'z1' } });
const ingress = (name: string, address: string, instances: number) =>
  zoneIngress(name).zone('z2').advertised(address, 10001).offers('web', { instances });
const brief = (endpoints: readonly Endpoint[] = []) =>
  endpoints.map((e) => `${e.address}:${e.port} weight ${e.weight} priority ${e.priority}`);

describe('endpoints of a service', () => {
  test('are the healthy inbounds of the zone, ordered by address', () => {
    const unhealthy = dataplane('c')
      .address('10.0.0.3')
      .inbound('web', 80, { health: {} })
      .inbound('web', 81, { state: 'NotReady' })
      .build();
    const context = contextOf(mesh().build(), web('b', '10.0.0.2').build(), web('a', '10.0.0.1').build(), unhealthy);
    expect(brief(context.endpoints.get('web'))).toEqual(['10.0.0.1:80 weight 1 priority 0', '10.0.0.2:80 weight 1 priority 0']);
  });

  test('are in other zones only while the mesh has mTLS on', () => {
    const remote = ingress('i', '192.168.9.9', 3).build();
    expect(contextOf(mesh().build(), web('a', '10.0.0.1').build(), remote).endpoints.get('web')).toHaveLength(1);
    expect(contextOf(mesh().mtls().build(), web('a', '10.0.0.1').build(), remote).endpoints.get('web')).toHaveLength(2);
  });

  test('share traffic by instances: an ingress weighs what is behind it, a local one as much as there are ingresses', () => {
    const context = contextOf(
      mesh().mtls().build(),
      web('a', '10.0.0.1').build(),
      ingress('i-1', '192.168.9.1', 3).build(),
      ingress('i-2', '192.168.9.2', 3).build(),
      ingress('same-place', '192.168.9.2', 3).build(),
      zoneIngress('own').zone('z1').advertised('192.168.9.3').offers('web').build(),
      zoneIngress('not-public').zone('z2').offers('web').build(),
    );
    expect(brief(context.endpoints.get('web'))).toEqual([
      '10.0.0.1:80 weight 2 priority 0',
      '192.168.9.1:10001 weight 3 priority 0',
      '192.168.9.2:10001 weight 3 priority 0',
    ]);
  });

  test('of other zones come second where the mesh prefers its own zone', () => {
    const context = contextOf(mesh().mtls().localityAware().build(), ingress('i', '192.168.9.1', 2).build());
    expect(brief(context.endpoints.get('web'))).toEqual(['192.168.9.1:10001 weight 2 priority 1']);
  });

  test('of other zones and outside are the egresses of the zone where the mesh says so', () => {
    const context = contextOf(
      mesh().mtls().zoneEgress().build(),
      ingress('i', '192.168.9.1', 2).build(),
      externalService('httpbin', 'httpbin.org:443').build(),
      zoneEgress().zone('z1').address('192.168.0.11').build(),
    );
    expect(brief(context.endpoints.get('web'))).toEqual(['192.168.0.11:10002 weight 1 priority 0']);
    expect(brief(context.endpoints.get('httpbin'))).toEqual(['192.168.0.11:10002 weight 1 priority 0']);
    expect(brief(context.egressEndpoints().get('web'))).toEqual(['192.168.9.1:10001 weight 2 priority 0']);
  });
});

describe('a change takes an endpoint away from callers', () => {
  const key = { kind: 'Dataplane', mesh: 'default', name: 'a' };
  const before = web('a', '10.0.0.1').build();

  test.each<[string, Partial<Pick<ViewChange, 'before' | 'after'>>, boolean]>([
    ['where a dataplane comes', { after: before }, false],
    ['where it goes', { before }, true],
    ['where it moves', { before, after: web('a', '10.0.0.2').build() }, true],
    [
      'where an inbound is no longer ready',
      { before, after: dataplane('a').address('10.0.0.1').inbound('web', 80, { state: 'NotReady' }).build() },
      true,
    ],
    ['where another inbound comes', { before, after: web('a', '10.0.0.1').inbound('admin', 81).build() }, false],
    ['where it is only another in its tags', { before, after: dataplane('a').address('10.0.0.1').inbound('web', 80).build() }, false],
  ])('%s (%#)', (_where, change, taken) => {
    expect(removesEndpoint({ op: change.after ? 'put' : 'delete', key, ...change })).toBe(taken);
  });

  test('where a way into another zone goes', () => {
    const gone = {
      op: 'delete',
      key: { kind: 'ZoneIngress', mesh: '', name: 'i' },
      before: ingress('i', '192.168.9.9', 1).build(),
    } as const;
    expect(removesEndpoint(gone)).toBe(true);
  });
});

describe('what a zone offers to others', () => {
  test('is every healthy inbound, counted by its tags, in all meshes', () => {
    const view = viewOf(
      mesh().build(),
      mesh('other').build(),
      web('a', '10.0.0.1').build(),
      web('b', '10.0.0.2').build(),
      dataplane('c').inMesh('other').inbound('web', 80).build(),
      dataplane('d').inbound('down', 80, { state: 'NotReady' }).build(),
    );
    expect(computeAvailableServices(view, 'z1')).toEqual([
      { mesh: 'default', instances: 2, tags: { 'kuma.io/service': 'web', 'kuma.io/zone': 'z1' } },
      { mesh: 'other', instances: 1, tags: { 'kuma.io/service': 'web' } },
    ]);
  });
});

describe('contexts', () => {
  const start = () => {
    const view = viewOf(mesh().build(), mesh('other').build(), web('a', '10.0.0.1').build());
    const contexts = new MeshContexts({ view, zone: 'z1', policyKinds: ['MeshTimeout'], vips: { port: 80, domain: 'mesh' } });
    return { view, contexts };
  };
  let revision = 1;
  const put = (view: ResourceView, contexts: MeshContexts, changed: Resource): ReadonlySet<string> => {
    let stale: ReadonlySet<string> = new Set();
    const subscription = view.subscribe((event) => {
      stale = contexts.invalidate(event);
    });
    const { kind, meta } = changed;
    revision += 1;
    view.apply({
      type: 'changes',
      changes: [{ revision, op: 'put', key: { kind, mesh: meta.mesh, name: meta.name }, resource: changed, author: 'test', time: '' }],
    });
    subscription.unsubscribe();
    return stale;
  };

  test('are kept until something they were built from changes', () => {
    const { view, contexts } = start();
    const [first, other] = [contexts.get('default'), contexts.get('other')];
    expect(contexts.get('default')).toBe(first);
    expect([...put(view, contexts, web('b', '10.0.0.2').build())]).toEqual(['default']);
    expect(contexts.get('default')?.dataplanes).toHaveLength(2);
    expect(contexts.get('other')).toBe(other);
  });

  test('of all meshes change with a zone proxy, of one mesh with its VIPs or policies, of none with other kinds', () => {
    const { view, contexts } = start();
    expect([...put(view, contexts, ingress('i', '192.168.9.1', 1).build())].sort()).toEqual(['default', 'other']);
    expect([...put(view, contexts, resource('Config', vipConfigName('other'), '').build())]).toEqual(['other']);
    expect([...put(view, contexts, resource('MeshTimeout', 'a', 'other').build())]).toEqual(['other']);
    expect([...put(view, contexts, resource('DataplaneInsight', 'a').build())]).toEqual([]);
    expect([...put(view, contexts, resource('ServiceInsight', 'all-services-default').build())]).toEqual([]);
  });

  test('change with the insights of services only while mTLS is permissive', () => {
    const { view, contexts } = start();
    put(view, contexts, mesh().mtls('ca-1', 'PERMISSIVE').build());
    const insight = resource('ServiceInsight', 'all-services-default').withSpec({
      services: {
        web: { dataplanes: { online: 1 }, issuedBackends: { 'ca-1': 1 } },
        old: { dataplanes: { online: 2 }, issuedBackends: { 'ca-1': 1 } },
      },
    });
    expect([...put(view, contexts, insight.build())]).toEqual(['default']);
    expect([contexts.get('default')?.tlsReady('web'), contexts.get('default')?.tlsReady('old')]).toEqual([true, false]);
  });

  test('of a mesh that does not exist are undefined', () => expect(start().contexts.get('nope')).toBeUndefined());
});
