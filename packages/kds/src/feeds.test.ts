import { type Resource, ResourceView } from '@mesh/core';
import { expect, it } from 'vitest';
import { testRegistry } from '../test/kinds.fixture.js';
import { GlobalFeeds } from './feeds.js';
import { NODE_FEATURES } from './kinds.js';

const features = new Set(NODE_FEATURES);
const meta = { creationTime: '', modificationTime: '', version: 1 };

function resource(kind: string, name: string, options: { mesh?: string; zone?: string; spec?: Resource['spec'] } = {}): Resource {
  const { mesh = '', zone, spec = {} } = options;
  const labels: Record<string, string> = zone ? { 'kuma.io/origin': 'zone', 'kuma.io/zone': zone } : {};
  return { kind, meta: { ...meta, name, mesh, labels }, spec };
}

/** A view with feeds of zones a, b and c, and what each was told of. */
function setup(...resources: Resource[]) {
  const view = new ResourceView();
  view.apply({ type: 'snapshot', snapshot: { revision: 1, resources } });
  const onError = (_resource: Resource, error: unknown): never => {
    throw error;
  };
  const feeds = new GlobalFeeds({ view, registry: testRegistry, skipPrefixes: [], onError });
  const told: string[] = [];
  const open = (zone: string) => feeds.open({ zone, features }, (kind, name) => told.push(`${zone} ${kind} ${name.split('-')[0]}`));
  const [a, b, c] = [open('a'), open('b'), open('c')];
  let revision = 1;
  const put = (...changed: Resource[]) => {
    revision += 1;
    const common = { revision, op: 'put', author: '', time: '' } as const;
    const changes = changed.map((one) => ({ ...common, key: { kind: one.kind, mesh: one.meta.mesh, name: one.meta.name }, resource: one }));
    view.apply({ type: 'changes', changes });
  };
  return { a, b, c, told, put };
}

it('tells every zone of a policy, with the same bytes, encoded once', () => {
  const { a, b, told, put } = setup();
  put(resource('MeshTest', 'policy', { mesh: 'default' }));
  expect(told).toEqual(['a MeshTest policy', 'b MeshTest policy', 'c MeshTest policy']);
  const [[name, encoded] = []] = [...a.resources('MeshTest')];
  expect(encoded?.body.length).toBeGreaterThan(0);
  expect(b.resources('MeshTest').get(name ?? '')).toBe(encoded);
});

it('tells every other zone of the ingress of a zone, in an event that holds what no zone is sent too', () => {
  const { told, put } = setup();
  const dataplane = resource('Dataplane', 'dp', { mesh: 'default', zone: 'a' });
  put(dataplane, resource('ZoneIngress', 'ingress', { zone: 'a', spec: { networking: { port: 10001 } } }), dataplane);
  expect(told).toEqual(['b ZoneIngress ingress', 'c ZoneIngress ingress']);
});

it('takes the ingress of a zone back where the zone is disabled', () => {
  const { b, told, put } = setup(
    resource('Zone', 'a'),
    resource('ZoneIngress', 'ingress', { zone: 'a', spec: { networking: { port: 10001 } } }),
  );
  expect(b.resources('ZoneIngress').size).toBe(1);
  put(resource('Zone', 'a', { spec: { enabled: false } }));
  expect(told).toEqual(['b ZoneIngress ingress', 'c ZoneIngress ingress']);
  expect(b.resources('ZoneIngress').size).toBe(0);
});
