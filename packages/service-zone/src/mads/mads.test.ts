import { type JsonObject, type Resource, type ResourceView, silentLogger } from '@mesh/core';
import { loadConfig, Metrics } from '@mesh/runtime';
import { dataplane, mesh, resource, viewOf } from '@mesh/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { AssignmentFeed } from './assignment-feed.js';
import { assignmentsOf } from './assignments.js';
import { type MadsServer, startMadsServer } from './mads-server.js';

const PROMETHEUS: JsonObject = {
  enabledBackend: 'p1',
  backends: [
    { name: 'p1', type: 'prometheus', conf: { port: 5670, path: '/metrics', tags: { 'kuma.io/service': 'dataplane-metrics' }, tls: {} } },
  ],
};

function withSpec(built: Resource, more: JsonObject): Resource {
  return { ...built, spec: { ...built.spec, ...more } };
}

const meshWithMetrics = withSpec(mesh().build(), { metrics: PROMETHEUS });
const web1 = dataplane('web-1')
  .inbound('web', 80, { protocol: 'http', tags: { version: 'v-1.0' } })
  .inbound('web-api', 81, { tags: { version: 'v-1.0' } })
  .build();
const web2 = withSpec(dataplane('web-2').address('192.168.0.2').inbound('web', 80).build(), {
  metrics: { type: 'prometheus', conf: { port: 1234, path: '/own' } },
});
const gateway = dataplane('gw').address('fd00::3').gateway('gw').build();

function meshMetric(name: string, targetRef: JsonObject, backends: JsonObject[]): Resource {
  const prometheus = backends.map((backend) => ({ type: 'Prometheus', prometheus: { path: '/m', ...backend } }));
  return { ...resource('MeshMetric', name).build(), spec: { targetRef, default: { backends: prometheus } } };
}

describe('monitoring assignments', () => {
  it('name each proxy of a mesh with an enabled backend, its tags as labels and several values in the plural', () => {
    const { byDefault } = assignmentsOf(viewOf(meshWithMetrics, web1, web2, gateway), 'zone-1');
    expect(byDefault.map(({ service, targets: [target] }) => [service, target.name, target.address, target.metrics_path])).toEqual([
      ['gw', 'gw', '[fd00::3]:5670', '/metrics'],
      ['web', 'web-1', '192.168.0.1:5670', '/metrics'],
      ['web', 'web-2', '192.168.0.2:1234', '/own'],
    ]);
    expect(byDefault[1]?.targets[0]).toMatchObject({
      scheme: 'http',
      labels: {
        kuma_io_protocol: 'http',
        kuma_io_protocols: ',http,',
        kuma_io_service: 'web',
        kuma_io_services: ',web,web-api,',
        version: 'v-1.0',
        versions: ',v-1.0,',
      },
    });
  });

  it('are none for meshes without an enabled backend', () => {
    const { enabledBackend: _, ...disabled } = PROMETHEUS;
    expect(assignmentsOf(viewOf(withSpec(mesh().build(), { metrics: disabled }), web1), 'zone-1').byDefault).toEqual([]);
  });

  it('follow MeshMetrics alone once one asks for Prometheus: by client, without labels', () => {
    const everywhere = meshMetric('mm', { kind: 'Mesh' }, [{ clientId: 'main', port: 5671, tls: { mode: 'ProvidedTLS' } }, { port: 5672 }]);
    const api = meshMetric('mm2', { kind: 'MeshSubset', tags: { 'kuma.io/service': 'web-api' } }, [{ clientId: 'api', port: 7777 }]);
    const { byClient, byDefault } = assignmentsOf(viewOf(meshWithMetrics, web1, web2, everywhere, api), 'zone-1');
    expect(byClient.get('main')?.map(({ targets }) => targets[0])).toEqual([
      { name: 'web-2', scheme: 'https', address: '192.168.0.2:5671', metrics_path: '/m' },
    ]);
    expect(byClient.get('api')?.map(({ targets }) => targets[0].address)).toEqual(['192.168.0.1:7777']);
    expect(byDefault.map(({ targets }) => targets[0].address)).toEqual(['192.168.0.2:5672']);
  });
});

describe('the server of monitoring assignments', () => {
  let server: MadsServer | undefined;
  let metrics: Metrics;

  async function serve(view: ResourceView, intervalMs = 0): Promise<void> {
    const { config } = loadConfig({ env: { KUMA_MODE: 'zone', KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: '0' } });
    metrics = new Metrics('zone-1');
    const feed = new AssignmentFeed({ view, zone: 'zone-1', intervalMs });
    server = await startMadsServer({ config, feed, metrics, log: silentLogger });
  }

  afterEach(() => server?.close());

  function fetchAssignments(body: unknown, { timeout = '0s', type = 'application/json' } = {}): Promise<Response> {
    const url = `http://127.0.0.1:${server?.port}/v3/discovery:monitoringassignments?fetch-timeout=${timeout}`;
    return fetch(url, { method: 'POST', headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  }

  it('answers a fetch as the wire has it, and 304 where the client has that version', async () => {
    await serve(viewOf(meshWithMetrics, web1));
    const response = await fetchAssignments({ node: { id: 'prometheus' }, type_url: 'any' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    const body = (await response.json()) as { version_info: string; type_url: string; resources: { '@type': string }[] };
    const type = 'type.googleapis.com/kuma.observability.v1.MonitoringAssignment';
    expect(body).toMatchObject({ type_url: type, resources: [{ '@type': type, mesh: 'default', service: 'web' }] });
    expect((await fetchAssignments({ version_info: body.version_info })).status).toBe(304);
    expect((await fetchAssignments({ versionInfo: body.version_info }, { timeout: '10ms' })).status).toBe(304);
  });

  it('leaves resources out where there are none', async () => {
    await serve(viewOf());
    expect(Object.keys((await (await fetchAssignments({})).json()) as object)).toEqual(['version_info', 'type_url']);
  });

  it('holds a request until assignments change', async () => {
    const view = viewOf(meshWithMetrics, web1);
    await serve(view);
    const { version_info } = (await (await fetchAssignments({})).json()) as { version_info: string };
    const waiting = fetchAssignments({ version_info }, { timeout: '30s' });
    // Held: the gauge says so once the request has arrived.
    await expect.poll(() => metrics.text()).toMatch(/mads_server_http_requests_inflight\{[^}]*\} 1/);
    view.apply({ type: 'snapshot', snapshot: { revision: 2, resources: [meshWithMetrics, web1, web2] } });
    const body = (await (await waiting).json()) as { resources: unknown[] };
    expect(body.resources).toHaveLength(2);
  });

  it('answers 304 to those who wait when it is closed, or drops them, and ends', async () => {
    await serve(viewOf());
    const { version_info } = (await (await fetchAssignments({})).json()) as { version_info: string };
    const waiting = fetchAssignments({ version_info }, { timeout: '30s' }).then(
      ({ status }) => status,
      () => 'dropped',
    );
    await expect.poll(() => metrics.text()).toMatch(/mads_server_http_requests_inflight\{[^}]*\} 1/);
    await server?.close();
    expect([304, 'dropped']).toContain(await waiting);
  });

  it.each([
    { what: 'what is no JSON', body: 'garbage', status: 400, text: 'Could not parse request body' },
    { what: 'a node that is none', body: { node: 7 }, status: 400, text: 'Could not parse request body' },
    { what: 'too much', body: ' '.repeat(70_000), status: 400, text: 'Could not parse request body' },
    { what: 'a wait that is no duration', options: { timeout: 'bogus' }, status: 400, text: 'Could not parse fetch-timeout' },
    { what: 'another content type', options: { type: 'text/plain' }, status: 415, text: '415: Unsupported Media Type' },
  ])('refuses $what', async ({ body = {}, options = {}, status, text }) => {
    await serve(viewOf());
    const response = await fetchAssignments(body, options);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
  });

  it('answers other paths with 404 and other methods with 405', async () => {
    await serve(viewOf());
    const base = `http://127.0.0.1:${server?.port}`;
    expect((await fetch(base)).status).toBe(404);
    const get = await fetch(`${base}/v3/discovery:monitoringassignments`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
