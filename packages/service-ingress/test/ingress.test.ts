import { silentLogger } from '@mesh/core';
import { Health, loadConfig, Metrics, startServices } from '@mesh/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdsClient } from '../../service-zone/test/ads-client.fixture.js';
import { fetchBootstrap, Sidecar } from '../../service-zone/test/envoy.fixture.js';
import { freePorts } from '../../service-zone/test/ports.fixture.js';
import { waitFor, Zone } from '../../service-zone/test/zone.fixture.js';
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

async function startIngress(name: string): Promise<{ proxy: Sidecar; document: object; token: string }> {
  const [port = 0, admin = 0] = await freePorts(2);
  const networking = { address: '127.0.0.1', port, advertisedAddress: '127.0.0.1', advertisedPort: port, admin: { port: admin } };
  const token = await zone.controlPlane.issueToken({ type: 'zone', zone: 'zone-1', scope: ['ingress'], validForMs: 60_000 });
  const document = { type: 'ZoneIngress', name, networking };
  const options = { zone, name, document, token, proxyType: 'ingress' };
  await waitFor(async () => (await fetchBootstrap(options, '/tmp').catch(() => '')) !== '', 'the ingress manager to be announced');
  const proxy = await Sidecar.start(options);
  proxies.push(proxy);
  await proxy.listening(port);
  return { proxy, document, token };
}

const services = (name: string) =>
  zone.controlPlane.view.find<{ availableServices?: { tags: Record<string, string>; instances: number }[] }>('ZoneIngress', '', name)?.spec
    .availableServices;
const insight = (name: string) => JSON.stringify(zone.controlPlane.view.find('ZoneIngressInsight', '', name)?.spec ?? {});

beforeEach(async () => {
  zone = await Zone.start();
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
    const { proxy: ingress } = await startIngress('in-1');
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

  it('goes on serving zone proxies while the zone control plane is away', async () => {
    await zone.apply(dataplane('web-1', 'web'));
    const { proxy: ingress, document, token } = await startIngress('in-1');
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
