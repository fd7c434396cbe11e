import { freePorts, get, MTLS_MESH, TestMesh, waitFor } from '@mesh/zone-kit';
import { afterEach, expect, it } from 'vitest';
import { ZoneModule } from '../src/index.js';

let mesh: TestMesh;
afterEach(() => mesh.stop());

const backend = (port: number, conf: object = {}) => ({
  enabledBackend: 'p',
  backends: [{ name: 'p', type: 'prometheus', conf: { port, path: '/stats-of-envoy', ...conf } }],
});

it('lets Prometheus scrape a sidecar where its mesh says so, that path alone, and never in the clear where mTLS is asked for', async () => {
  mesh = await TestMesh.start(ZoneModule);
  const { zone } = mesh;
  const [port = 0, inPort = 0] = await freePorts(2);
  const metrics = (path = '/stats-of-envoy') => get({ port, path }).catch(() => ({ status: 0, body: '' }));
  await zone.apply({ type: 'Mesh', name: 'default', metrics: backend(port) });
  await mesh.sidecar('web-1', { inbound: [{ port: inPort, tags: { 'kuma.io/service': 'web' } }] });
  await waitFor(async () => (await metrics()).status === 200, 'the metrics of Envoy');
  expect((await metrics()).body).toMatch(/^envoy_server_live\{[^}]*\} 1$/m);
  for (const path of ['/', '/stats/prometheus', '/config_dump', '/stats-of-envoy/../config_dump', '/quitquitquit'])
    expect([path, (await metrics(path)).status]).toEqual([path, 404]);

  await zone.apply({
    type: 'Mesh',
    name: 'default',
    metrics: backend(port, { envoy: { usedOnly: true, filterRegex: 'server\\.(live|concurrency)' } }),
  });
  await waitFor(async () => !(await metrics()).body.includes('envoy_cluster'), 'fewer metrics');
  expect((await metrics()).body).toContain('envoy_server_live');

  await zone.apply({ ...MTLS_MESH, metrics: backend(port) });
  await waitFor(async () => (await metrics()).status === 0, 'nothing in the clear');
  await zone.apply({ ...MTLS_MESH, metrics: backend(port, { tls: { mode: 'disabled' } }) });
  await waitFor(async () => (await metrics()).status === 200, 'the metrics again');
});
