import { Agent } from 'node:http';
import { createRoot, secretContent } from '@mesh/identity';
import { ALLOW_ALL, freePorts, get, MTLS_MESH, TestMesh, waitFor } from '@mesh/zone-kit';
import { afterEach, describe, expect, it } from 'vitest';
import { ZoneModule } from '../src/index.js';

const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';

let mesh: TestMesh;
afterEach(() => mesh.stop());

describe.each([
  ['state of the world', []],
  ['delta', ['feature-delta-grpc']],
])('two sidecars over %s xDS', (_, features) => {
  it('carry an HTTP request with mTLS, accept everything, and are online until they leave', async () => {
    mesh = await TestMesh.start(ZoneModule, features);
    const { zone } = mesh;
    await zone.apply(MTLS_MESH);
    await zone.apply(ALLOW_ALL);
    const { web, backend, outPort } = await mesh.webAndBackend();
    expect((await get({ port: outPort, path: '/' })).body).toContain('URI=spiffe://default/web');

    for (const sidecar of [backend, web]) {
      const rejected = await sidecar.counters(/update_rejected$/);
      expect(rejected.size).toBeGreaterThan(2);
      expect([...rejected.values()].filter((count) => count > 0)).toEqual([]);
    }
    await waitFor(
      () => [...zone.runner.deliveries.values()].every((d) => d.ackedRevision === d.builtRevision && d.builtRevision >= 0),
      'everything to be accepted',
    );
    expect([...zone.runner.deliveries.keys()].sort()).toEqual(['Dataplane/default/backend-1', 'Dataplane/default/web-1']);

    const insight = () => zone.controlPlane.view.find<object>('DataplaneInsight', 'default', 'web-1')?.spec;
    await waitFor(() => JSON.stringify(insight() ?? {}).includes('certificateExpirationTime'), 'the certificate in the insight');
    expect(insight()).toMatchObject({
      subscriptions: [{ connectTime: expect.any(String), version: { envoy: { version: '1.40.0' } } }],
      mTLS: { issuedBackend: 'ca-1', certificateRegenerations: 1 },
    });
    await mesh.stopSidecar(web);
    await waitFor(() => JSON.stringify(insight() ?? {}).includes('disconnectTime'), 'the proxy to be offline');
  });
});

describe('a running mesh', () => {
  it('changes the root of its CA without a failed request', async () => {
    mesh = await TestMesh.start(ZoneModule);
    const { zone } = mesh;
    await zone.apply(MTLS_MESH);
    await zone.apply(ALLOW_ALL);
    const { outPort } = await mesh.webAndBackend();
    const statuses: number[] = [];
    const request = async () => statuses.push((await get({ port: outPort, path: '/' })).status);
    const whileRequesting = (condition: () => boolean, what: string) => waitFor(async () => (await request()) > 0 && condition(), what);
    const settled = () => [...zone.runner.deliveries.values()].every((d) => d.ackedRevision === d.builtRevision);
    const regenerated = () =>
      JSON.stringify(zone.controlPlane.view.list('DataplaneInsight')).match(/"certificateRegenerations":2/g)?.length === 2;

    const certName = 'default.ca-builtin-cert-ca-1';
    const oldRoot = secretContent(
      zone.controlPlane.view.get({ kind: 'Secret', mesh: 'default', name: certName }) ?? ({ spec: {} } as never),
    ).toString();
    const next = await createRoot({ commonName: 'default', uri: 'spiffe://default', now: Date.now() });
    const put = (name: string, pem: string) =>
      zone.apply({ type: 'Secret', mesh: 'default', name, data: Buffer.from(pem).toString('base64') });
    await put(certName, oldRoot + next.certPem);
    await whileRequesting(settled, 'both roots to be trusted');
    await put('default.ca-builtin-key-ca-1', next.keyPem);
    await whileRequesting(regenerated, 'certificates of the new root');
    await whileRequesting(settled, 'the new certificates to be in use');
    await put(certName, next.certPem);
    await whileRequesting(settled, 'the old root to be forgotten');
    for (let i = 0; i < 20; i++) await request();
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  it('shows the admin output of its proxies, gives each service a VIP, and follows a deny', async () => {
    mesh = await TestMesh.start(ZoneModule);
    const { zone } = mesh;
    await zone.apply(MTLS_MESH);
    await zone.apply(ALLOW_ALL);
    const { outPort } = await mesh.webAndBackend();
    const ask = { kind: 'Dataplane', mesh: 'default', name: 'web-1', format: 'text' } as const;
    await waitFor(
      async () => (await zone.controlPlane.proxyAdmin({ ...ask, what: 'clusters' }).catch(() => '')).length > 0,
      'the admin endpoint',
    );
    const dump = Buffer.from(await zone.controlPlane.proxyAdmin({ ...ask, what: 'xds' })).toString();
    expect(dump).toContain('"[redacted]"');
    expect(dump).not.toContain(await zone.token('web-1').then((token) => token.split('.')[0] ?? ''));

    await zone.apply({
      type: 'MeshTimeout',
      mesh: 'default',
      name: 'aa',
      labels: { 'kuma.io/effect': 'shadow' },
      spec: { to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '77s' } }] },
    });
    const made = async (shadow: boolean) =>
      JSON.parse(Buffer.from(await zone.controlPlane.proxyAdmin({ ...ask, what: 'xds', generated: { shadow } })).toString());
    const [now, shadowed] = [await made(false), await made(true)];
    for (const [type, resources] of Object.entries(now as Record<string, object>)) {
      if (!/Cluster$|Listener$/.test(type)) continue;
      for (const name of Object.keys(resources)) expect(dump).toContain(`"name": "${name}"`);
    }
    expect(now[CLUSTER].backend.connectTimeout).not.toBe('77s');
    expect(shadowed[CLUSTER].backend.connectTimeout).toBe('77s');
    expect(JSON.stringify(now)).not.toContain('PRIVATE KEY');

    const config = () => zone.controlPlane.view.find<{ config?: string }>('Config', '', 'kuma-default-dns-vips')?.spec.config ?? '';
    await waitFor(() => ['"web"', '"backend"', '240.0.0.1', '240.0.0.2'].every((text) => config().includes(text)), 'VIPs of both services');

    await zone.controlPlane.delete({ key: { kind: 'TrafficPermission', mesh: 'default', name: 'allow-all' }, author: { name: 'test' } });
    await waitFor(async () => (await get({ port: outPort, path: '/' })).status !== 200, 'the deny');
  });

  it('applies a change of routes to a connection that is kept, and touches no listener', async () => {
    mesh = await TestMesh.start(ZoneModule);
    const { zone } = mesh;
    const { web, outPort } = await mesh.webAndBackend();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = () => get({ port: outPort, path: '/', agent });
    // Not what workers count when they are done with an earlier update.
    const updates = async () =>
      Object.fromEntries(
        await web.counters(/^listener_manager\.(listener_(added|modified|in_place_updated|removed)|lds\.update_success)$/),
      );
    const before = [(await ask()).localPort, await updates()];
    const set = [{ name: 'x-routed', value: 'yes' }];
    const rule = {
      matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      default: { filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }] },
    };
    const spec = { to: [{ targetRef: { kind: 'MeshService', name: 'backend' }, rules: [rule] }] };
    await zone.apply({ type: 'MeshHTTPRoute', mesh: 'default', name: 'route', spec });
    await waitFor(async () => (await ask()).headers['x-routed'] === 'yes', 'the route');
    expect([(await ask()).localPort, await updates()]).toEqual(before);
    agent.destroy();
  });

  it('follows the health of workloads that are probed', async () => {
    mesh = await TestMesh.start(ZoneModule);
    const { zone } = mesh;
    const [port = 0, servicePort = 0] = await freePorts(2);
    const inbound = [
      { port, servicePort, tags: { 'kuma.io/service': 'web' }, serviceProbe: { interval: '0.1s', timeout: '0.1s', tcp: {} } },
    ];
    await mesh.sidecar('web-1', { inbound });
    const seen = () => JSON.stringify(zone.controlPlane.view.find('Dataplane', 'default', 'web-1')?.spec ?? {});
    await waitFor(() => seen().includes('"state":"NotReady"'), 'the proxy to start unready');
    await mesh.workload(servicePort);
    await waitFor(() => seen().includes('"ready":true'), 'the workload to be ready');
  });
});
