import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@mesh/core';
import { type CaPair, createRoot, issueClientCertificate, issueServerCertificate } from '@mesh/identity';
import { Health, loadConfig, Metrics, startServices } from '@mesh/runtime';
import { ZoneModule } from '@mesh/service-zone';
import { AdsClient, ALLOW_ALL, fetchBootstrap, freePorts, get, Sidecar, waitFor, Zone } from '@mesh/zone-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IngressModule, type IngressRunner } from '../src/index.js';

const dataplane = (name: string, service: string) => ({
  type: 'Dataplane',
  mesh: 'default',
  name,
  networking: { address: '127.0.0.1', inbound: [{ port: 18080, tags: { 'kuma.io/service': service } }] },
});

let zone: Zone;
let ingressManager: { runner: IngressRunner; stop(): Promise<void> };
const proxies: Sidecar[] = [];

/** Starts the ingress manager as a service of its own, which dials the zone. */
async function startIngressManager(): Promise<typeof ingressManager> {
  const { config } = loadConfig({
    env: {
      KUMA_MODE: 'zone',
      KUMA_GENERAL_WORK_DIR: zone.workDir,
      KUMA_INTERNAL_CONTROL_PLANE_ADDRESS: `127.0.0.1:${zone.internalPort}`,
      KUMA_INGRESS_MANAGER_XDS_PORT: '0',
      KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY: '100ms',
    },
  });
  const options = { config, log: silentLogger, metrics: new Metrics('zone-1'), health: new Health() };
  const host = await startServices([(given) => IngressModule.forRoot(given)], options);
  return { runner: host.runners[0] as IngressRunner, stop: () => host.stop() };
}

interface StartedProxy {
  readonly proxy: Sidecar;
  readonly document: object;
  readonly token: string;
}

async function startZoneProxy(kind: 'ingress' | 'egress', name: string): Promise<StartedProxy> {
  const [port = 0, admin = 0] = await freePorts(2);
  const advertised = kind === 'ingress' ? { advertisedAddress: '127.0.0.1', advertisedPort: port } : {};
  const networking = { address: '127.0.0.1', port, ...advertised, admin: { port: admin } };
  const token = await zone.controlPlane.issueToken({ type: 'zone', zone: 'zone-1', scope: [kind], validForMs: 60_000 });
  const document = { type: kind === 'ingress' ? 'ZoneIngress' : 'ZoneEgress', name, networking };
  const options = { zone, name, document, token, proxyType: kind };
  await waitFor(async () => (await fetchBootstrap(options, '/tmp').catch(() => '')) !== '', 'the ingress manager to be announced');
  const proxy = await Sidecar.start(options);
  proxies.push(proxy);
  await proxy.listening(port);
  return { proxy, document, token };
}

/** A sidecar that reaches a service through the returned port. */
async function startCaller(service: string): Promise<number> {
  const [port = 0, outPort = 0] = await freePorts(2);
  const inbound = [{ port, tags: { 'kuma.io/service': 'web' } }];
  const networking = { address: '127.0.0.1', inbound, outbound: [{ port: outPort, tags: { 'kuma.io/service': service } }] };
  const document = { type: 'Dataplane', mesh: 'default', name: 'web-1', networking };
  const proxy = await Sidecar.start({ zone, name: 'web-1', document, token: await zone.token('web-1') });
  proxies.push(proxy);
  await proxy.listening(outPort);
  return outPort;
}

/** A server of TLS outside the mesh, for callers that show a certificate of its authority. */
async function startOutside(): Promise<{ server: Server; port: number; ca: CaPair; client: CaPair }> {
  const now = Date.now();
  const ca = await createRoot({ commonName: 'outside', now });
  const { certPem: cert, keyPem: key } = await issueServerCertificate(ca, { hosts: ['127.0.0.1'], now });
  const client = await issueClientCertificate(ca, { hosts: ['caller'], now });
  const server = createServer({ cert, key, ca: ca.certPem, requestCert: true, rejectUnauthorized: true }, (_request, response) =>
    response.end('outside'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, ca, client };
}

const services = (name: string) =>
  zone.controlPlane.view.find<{ availableServices?: { tags: Record<string, string>; instances: number }[] }>('ZoneIngress', '', name)?.spec
    .availableServices;
const insight = (name: string) => JSON.stringify(zone.controlPlane.view.find('ZoneIngressInsight', '', name)?.spec ?? {});

beforeEach(async () => {
  zone = await Zone.start(ZoneModule);
  ingressManager = await startIngressManager();
});
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  await ingressManager.stop();
  await zone.stop();
});

describe('the ingress manager', () => {
  it('configures a zone ingress, offers what the zone has, and removes the ingress when it left', async () => {
    await zone.apply(dataplane('web-1', 'web'));
    const { proxy: ingress } = await startZoneProxy('ingress', 'in-1');
    await waitFor(() => services('in-1')?.[0]?.tags['kuma.io/service'] === 'web', 'the services of the zone');
    await waitFor(async () => (await ingress.admin('/config_dump')).includes('web{mesh=default}'), 'the route of the service');
    expect(insight('in-1')).toContain('connectTime');
    expect(insight('in-1')).not.toContain('disconnectTime');

    await zone.apply(dataplane('web-2', 'web'));
    await waitFor(() => services('in-1')?.[0]?.instances === 2, 'the second instance');
    const rejected = await ingress.counters(/update_rejected$/);
    expect([...rejected.values()].filter((count) => count > 0)).toEqual([]);

    await proxies.pop()?.stop();
    await waitFor(() => zone.controlPlane.view.find('ZoneIngress', '', 'in-1') === undefined, 'the removal of the ingress');
  });

  it('lets sidecars out to an external service through a zone egress, with its TLS, as permissions say', async () => {
    const { server, port, ca, client } = await startOutside();
    try {
      const backends = [{ name: 'ca-1', type: 'builtin' }];
      await zone.apply({ type: 'Mesh', name: 'default', mtls: { enabledBackend: 'ca-1', backends }, routing: { zoneEgress: true } });
      const tls = {
        enabled: true,
        caCert: { inlineString: ca.certPem },
        clientCert: { inlineString: client.certPem },
        clientKey: { secret: 'key' },
      };
      const tags = { 'kuma.io/service': 'outside', 'kuma.io/protocol': 'http' };
      await zone.apply({
        type: 'ExternalService',
        mesh: 'default',
        name: 'outside',
        networking: { address: `127.0.0.1:${port}`, tls },
        tags,
      });
      await startZoneProxy('egress', 'out-1');
      const outPort = await startCaller('outside');
      const answer = () => get({ port: outPort, path: '/' }).catch(() => undefined);
      await waitFor(async () => (await answer())?.status === 403, 'everybody to be kept out');

      await zone.apply(ALLOW_ALL);
      await waitFor(async () => (await answer())?.body.includes('secret "key"') ?? false, 'the reason, while the key is not there');
      await zone.apply({ type: 'Secret', mesh: 'default', name: 'key', data: Buffer.from(client.keyPem).toString('base64') });
      await waitFor(async () => (await answer())?.body === 'outside', 'the way out');
    } finally {
      server.close();
    }
  });

  it('goes on serving zone proxies while the zone control plane is away', async () => {
    await zone.apply(dataplane('web-1', 'web'));
    const { proxy: ingress, document, token } = await startZoneProxy('ingress', 'in-1');
    await waitFor(async () => (await ingress.admin('/config_dump')).includes('web{mesh=default}'), 'the route of the service');
    const ca = zone.certificate;
    await zone.stop();
    const state = () => ingressManager.runner.deliveries.get('ZoneIngress//in-1');
    await waitFor(() => state() !== undefined && state()?.ackedRevision === state()?.builtRevision, 'everything to be accepted');
    expect(await ingress.admin('/config_dump')).toContain('web{mesh=default}');

    await ingress.stop();
    proxies.pop();
    const { runner } = ingressManager;
    await waitFor(() => !runner.deliveries.has('ZoneIngress//in-1'), 'the ingress to be gone');
    const again = AdsClient.connect({ port: runner.xdsPort, ca, nodeId: '.in-1', token, proxyType: 'ingress', inline: document });
    expect((await again.firstResponse).resources.length).toBeGreaterThan(0);
    again.close();
  });
});
