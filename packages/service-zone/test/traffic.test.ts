import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePorts, get, Sidecar } from './envoy.fixture.js';
import { waitFor, Zone } from './zone.fixture.js';

const MTLS_MESH = {
  type: 'Mesh',
  name: 'default',
  mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] },
};
const ALLOW_ALL = {
  type: 'TrafficPermission',
  mesh: 'default',
  name: 'allow-all',
  sources: [{ match: { 'kuma.io/service': '*' } }],
  destinations: [{ match: { 'kuma.io/service': '*' } }],
};

/** The workload: answers with the client certificate the proxy saw. */
async function startWorkload(): Promise<Server> {
  const server = createServer((req: IncomingMessage, res) => res.end(String(req.headers['x-forwarded-client-cert'] ?? 'plain')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe.each([
  ['state of the world', []],
  ['delta', ['feature-delta-grpc']],
])('two sidecars over %s xDS', (_, features) => {
  let zone: Zone;
  let workload: Server;
  const sidecars: Sidecar[] = [];

  beforeEach(async () => {
    zone = await Zone.start();
    workload = await startWorkload();
  });

  afterEach(async () => {
    await Promise.all(sidecars.splice(0).map((sidecar) => sidecar.stop()));
    workload.close();
    await zone.stop();
  });

  async function start(name: string, networking: object): Promise<Sidecar> {
    const document = { type: 'Dataplane', mesh: 'default', name, networking: { address: '127.0.0.1', ...networking } };
    const sidecar = await Sidecar.start({ zone, name, document, token: await zone.token(name), features });
    sidecars.push(sidecar);
    return sidecar;
  }

  it('carry an HTTP request with mTLS, accept everything, and are online until they leave', async () => {
    await zone.apply(MTLS_MESH);
    await zone.apply(ALLOW_ALL);
    const [inPort = 0, webPort = 0, outPort = 0, adminA = 0, adminB = 0] = await freePorts(5);
    const servicePort = (workload.address() as AddressInfo).port;
    const tags = (service: string) => ({ 'kuma.io/service': service, 'kuma.io/protocol': 'http' });
    const backend = await start('backend-1', { inbound: [{ port: inPort, servicePort, tags: tags('backend') }], admin: { port: adminA } });
    const web = await start('web-1', {
      inbound: [{ port: webPort, servicePort, tags: tags('web') }],
      outbound: [{ port: outPort, tags: { 'kuma.io/service': 'backend' } }],
      admin: { port: adminB },
    });
    await backend.listening(inPort);
    await web.listening(outPort);
    await waitFor(async () => (await get({ port: outPort, path: '/' }).catch(() => undefined))?.status === 200, 'the request to pass');
    const answer = await get({ port: outPort, path: '/' });
    expect(answer.body).toContain('URI=spiffe://default/web');

    for (const sidecar of [backend, web]) {
      const rejected = await sidecar.counters(/update_rejected$|\.cds\.|listener_create_failure/);
      expect([...rejected].filter(([name, count]) => name.endsWith('rejected') && count > 0)).toEqual([]);
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
    expect(zone.controlPlane.view.find('Dataplane', 'default', 'web-1')?.meta.labels).toMatchObject({ 'kuma.io/zone': 'zone-1' });
    await web.stop();
    sidecars.splice(sidecars.indexOf(web), 1);
    await waitFor(() => JSON.stringify(insight() ?? {}).includes('disconnectTime'), 'the proxy to be offline');
  });
});
