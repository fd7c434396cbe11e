import { type JsonObject, type Resource, ResourceView } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { buildRegistry } from '../registry.js';
import { computeMeshInsight } from './mesh-insight.js';
import { computeServiceInsight } from './service-insight.js';

function resource(kind: string, name: string, spec: object): Resource {
  const mesh = kind === 'Mesh' ? '' : 'default';
  return { kind, meta: { name, mesh, labels: {}, creationTime: '', modificationTime: '', version: 1 }, spec: spec as JsonObject };
}

function inbound(service: string, zone: string, more: object = {}) {
  return { port: 80, tags: { 'kuma.io/service': service, 'kuma.io/zone': zone }, ...more };
}

const dataplane = (name: string, ...inbounds: object[]) =>
  resource('Dataplane', name, { networking: { address: '10.0.0.1', inbound: inbounds } });

function insight(name: string, options: { connected?: boolean; backend?: string } = {}) {
  const { connected = true, backend } = options;
  const subscription = {
    id: 'a',
    connectTime: '2026-01-01T00:00:00Z',
    ...(connected ? {} : { disconnectTime: '2026-01-01T00:00:01Z' }),
    version: { kumaDp: { version: 'unknown' }, envoy: { version: '1.40.0' } },
  };
  return resource('DataplaneInsight', name, {
    subscriptions: [subscription],
    ...(backend ? { mTLS: { issuedBackend: backend, supportedBackends: [backend] } } : {}),
  });
}

function viewOf(...resources: Resource[]): ResourceView {
  const view = new ResourceView();
  view.apply({ type: 'snapshot', snapshot: { revision: 1, resources } });
  return view;
}

const mesh = (spec: object = {}) => resource('Mesh', 'default', spec);
const external = resource('ExternalService', 'ext', {
  networking: { address: '10.77.0.254:8088' },
  tags: { 'kuma.io/service': 'ext-web' },
});

describe('the service insight', () => {
  it('is that of Kuma for two zones, mTLS and an external service', () => {
    const view = viewOf(
      mesh(),
      dataplane('a', inbound('echo', 'z2')),
      insight('a', { backend: 'ca-1' }),
      dataplane('b', inbound('echo', 'z1')),
      insight('b', { backend: 'ca-1' }),
      external,
    );
    expect(computeServiceInsight(view, 'default')).toEqual({
      services: {
        echo: { status: 'online', dataplanes: { online: 2 }, issuedBackends: { 'ca-1': 2 }, zones: ['z1', 'z2'] },
        'ext-web': { status: 'not_available', dataplanes: {}, serviceType: 'external', addressPort: '10.77.0.254:8088' },
      },
    });
  });

  it('counts degraded and disconnected proxies as offline, and leaves ignored inbounds out', () => {
    const view = viewOf(
      mesh(),
      dataplane('up', inbound('web', 'z1')),
      insight('up'),
      dataplane('down', inbound('web', 'z1')),
      insight('down', { connected: false }),
      dataplane(
        'degraded',
        inbound('web', 'z1'),
        inbound('side', 'z1', { health: { ready: false } }),
        inbound('no', 'z1', { state: 'Ignored' }),
      ),
      insight('degraded'),
    );
    expect(computeServiceInsight(view, 'default').services).toEqual({
      web: { status: 'partially_degraded', dataplanes: { online: 1, offline: 2 }, zones: ['z1'] },
      side: { status: 'offline', dataplanes: { offline: 1 }, zones: ['z1'] },
    });
  });

  it('has gateways, and nothing else than delegated ones where MeshServices are exclusive', () => {
    const gateway = (name: string, type?: string) =>
      resource('Dataplane', name, {
        networking: { address: '10.0.0.1', gateway: { tags: { 'kuma.io/service': name }, ...(type ? { type } : {}) } },
      });
    const parts = [gateway('delegated'), gateway('builtin', 'BUILTIN'), dataplane('web', inbound('web', 'z1')), external];
    const types = (view: ResourceView) =>
      Object.entries(computeServiceInsight(view, 'default').services ?? {}).map(([name, s]) => `${name} ${s.serviceType ?? 'internal'}`);
    expect(types(viewOf(mesh(), ...parts))).toEqual([
      'builtin gateway_builtin',
      'delegated gateway_delegated',
      'web internal',
      'ext-web external',
    ]);
    expect(types(viewOf(mesh({ meshServices: { mode: 'Exclusive' } }), ...parts))).toEqual(['delegated gateway_delegated']);
  });
});

describe('the mesh insight', () => {
  it('is that of Kuma for the same mesh', () => {
    const parts = [dataplane('a', inbound('echo', 'z1')), insight('a', { backend: 'ca-1' }), dataplane('b', inbound('echo', 'z2'))];
    const view = viewOf(mesh(), ...parts, insight('b', { backend: 'ca-1' }), external, resource('Secret', 's', { data: '' }));
    const services = computeServiceInsight(view, 'default');
    const two = { total: 2, online: 2 };
    expect(computeMeshInsight({ view, registry: buildRegistry(), mesh: 'default', services })).toEqual({
      dataplanes: two,
      dpVersions: { kumaDp: { unknown: two }, envoy: { '1.40.0': two } },
      mTLS: { issuedBackends: { 'ca-1': two }, supportedBackends: { 'ca-1': two } },
      services: { total: 2, internal: 1, external: 1 },
      dataplanesByType: { standard: two, gateway: {}, gatewayBuiltin: {}, gatewayDelegated: {} },
      resources: { Dataplane: { total: 2 }, ExternalService: { total: 1 }, Secret: { total: 1 } },
    });
  });
});
