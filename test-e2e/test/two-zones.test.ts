import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import {
  type ApiClient,
  choosePort,
  dataplane,
  type ProbeTarget,
  probe,
  resolveName,
  spiffeIdsOf,
  startTwoZones,
  type TwoZones,
  until,
} from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { makeWorkDir } from './work-dir.js';

const workDir = makeWorkDir('two-zones');
let lab: TwoZones;

beforeAll(async () => {
  lab = await startTwoZones({
    binDir: BIN_DIR,
    workDir,
    envoyPath: envoyPath(),
    addressBlock: 230,
    store: 'postgres',
    layout: 'services',
    env: { KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY: '1s' },
  });
});

afterAll(async () => {
  await lab?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

/** Waits for a good answer: a change is on its way. */
function eventually(target: ProbeTarget, good: (result: Awaited<ReturnType<typeof probe>>) => boolean) {
  return until({ what: `an answer of ${target.host}:${target.port}`, deadlineMs: 30_000 }, async () => {
    const result = await probe(target);
    return good(result) ? result : undefined;
  });
}

async function vip(name: string): Promise<ProbeTarget> {
  const address = await until(
    { what: `${name} in DNS`, deadlineMs: 30_000 },
    async () => (await resolveName(name, { address: '127.0.0.1', port: lab.zone1.ports.dns }))[0],
  );
  return { host: address, port: lab.vipPort, hostHeader: name };
}

describe('two zones, one mesh', () => {
  it('spreads requests by outbound port over both zones', async () => {
    const zones = new Set<string>();
    await until({ what: 'both zones', deadlineMs: 30_000 }, async () => {
      const { echo } = await probe(lab.backendFromWeb);
      if (echo) zones.add(echo.zone);
      return zones.size === 2;
    });
    expect([...zones].sort()).toEqual(['zone-1', 'zone-2']);
  });

  it('carries a request by name and virtual IP to the other zone, with the SPIFFE ids of both ends', async () => {
    const { echo } = await eventually(await vip('billing.mesh'), (result) => result.status === 200);
    expect(echo?.zone).toBe('zone-2');
    expect(spiffeIdsOf(echo!)).toEqual({ client: 'spiffe://default/web', server: 'spiffe://default/billing' });
  });

  it('reaches a service with underscores by its name and by the dotted form', async () => {
    const address = lab.instances.billing.address.replace(/\d+$/, '20');
    const item = {
      ...lab.instances.billing,
      name: 'echo-server-1',
      service: 'echo-server_kuma-test_svc_1010',
      address,
      inboundPort: await choosePort(10_080, address),
      appPort: await choosePort(8080, address),
    };
    lab.deployment.launchEcho({ name: item.name, zone: 'zone-2', address, port: item.appPort });
    await lab.deployment.launchDataplane({ zone: lab.zone2, document: dataplane(item) });
    for (const name of ['echo-server_kuma-test_svc_1010.mesh', 'echo-server.kuma-test.svc.1010.mesh']) {
      const { echo } = await eventually(await vip(name), (result) => result.status === 200);
      expect(echo?.name).toBe('echo-server-1');
    }
  });

  it('shows at the global which zones are online and which proxies run where', async () => {
    const zones = await lab.global.api.get<{
      items: { name: string; zoneInsight: { subscriptions: { connectTime: string; disconnectTime?: string }[] } }[];
    }>('/zones+insights');
    expect(zones?.items.map((zone) => zone.name)).toEqual(['zone-1', 'zone-2']);
    const dataplanes = await lab.global.api.get<{ items: { labels: Record<string, string> }[] }>('/dataplanes');
    expect(new Set(dataplanes?.items.map((item) => item.labels['kuma.io/zone']))).toEqual(new Set(['zone-1', 'zone-2']));
    const services = await lab.global.api.get<{ items: { name: string; status: string }[] }>('/meshes/default/service-insights');
    expect(services?.items.find((item) => item.name === 'backend')).toMatchObject({ status: 'online', zones: ['zone-1', 'zone-2'] });
  });

  it('asks the Envoys of both zones from the global: configuration, statistics and clusters', async () => {
    const read = async (api: ApiClient, path: string) => {
      const response = await fetch(api.url + path);
      const text = await response.text();
      return response.ok ? text : undefined;
    };
    const proxies = ['/dataplanes', '/zoneingresses'].map((path) =>
      lab.global.api.get<{ items: { type: string; name: string; labels: Record<string, string> }[] }>(path),
    );
    const items = (await Promise.all(proxies)).flatMap((page) => page?.items ?? []);
    expect(new Set(items.map(({ type, labels }) => `${type} of ${labels['kuma.io/zone']}`)).size).toBe(4);
    for (const { type, name } of items) {
      const at = type === 'Dataplane' ? `/meshes/default/dataplanes/${name}` : `/zoneingresses/${name}`;
      const ask = (what: string) => until({ what: `${what} of ${name}`, deadlineMs: 30_000 }, () => read(lab.global.api, `${at}/${what}`));
      expect(await ask('xds')).toContain('dynamic_listeners');
      expect(await ask('stats')).toMatch(/^cluster_manager\.|^server\./m);
      expect(await ask('clusters')).toContain('::observability_name::');
    }
    const config = await read(lab.zone1.api, `/meshes/default/dataplanes/${lab.instances.web.name}/_config?shadow=true&include=diff`);
    expect(JSON.parse(config ?? '{}')).toMatchObject({ diff: [], xds: { 'type.googleapis.com/envoy.config.listener.v3.Listener': {} } });
  });

  it('refuses dataplanes at the global and policies at a zone, with the reason', async () => {
    const item = lab.instances.web;
    await expect(lab.global.api.put('/meshes/default/dataplanes/x', { ...dataplane(item), name: 'x' })).rejects.toThrow(/405/);
    await expect(
      lab.zone1.api.put('/meshes/default/traffic-permissions/x', {
        type: 'TrafficPermission',
        mesh: 'default',
        name: 'x',
        sources: [{ match: { 'kuma.io/service': '*' } }],
        destinations: [{ match: { 'kuma.io/service': '*' } }],
      }),
    ).rejects.toThrow(/405/);
  });

  it('goes on after the zone ingress was restarted', async () => {
    const ingress = lab.deployment.group.find('zone-2.ingress-1');
    await ingress?.kill();
    const target = await vip('billing.mesh');
    const networking = (await lab.zone2.api.get<{ networking: { address: string } }>('/zoneingresses/ingress-1'))?.networking;
    await lab.deployment.launchDataplane({
      zone: lab.zone2,
      proxyType: 'ingress',
      document: { type: 'ZoneIngress', name: 'ingress-1', networking },
    });
    const { echo } = await eventually(target, (result) => result.status === 200);
    expect(echo?.zone).toBe('zone-2');
  });

  it('lets a dataplane join and another leave while the global is stopped, and the global learns of both when it returns', async () => {
    const { deployment, zone1 } = lab;
    const globals = lab.global.processes;
    await Promise.all(globals.map((process) => process.stop()));
    const address = lab.instances.backend1.address.replace(/\d+$/, '21');
    const item = {
      ...lab.instances.backend1,
      name: 'backend-2',
      address,
      inboundPort: await choosePort(10_080, address),
      appPort: await choosePort(8080, address),
    };
    deployment.launchEcho({ name: item.name, zone: 'zone-1', address, port: item.appPort });
    await deployment.launchDataplane({ zone: zone1, document: dataplane(item) });
    await eventually(lab.backendFromWeb, (result) => result.echo?.name === 'backend-2');
    await deployment.group.find('zone-1.backend-1')?.stop();
    await until(
      { what: 'backend-1 gone from zone-1', deadlineMs: 30_000 },
      async () => (await zone1.api.get('/meshes/default/dataplanes/backend-1')) === undefined,
    );
    for (const process of globals) await deployment.launchService(process.spec.name.replace('global.', ''), 'global', lab.global.env);
    await until({ what: 'the global to know of both', deadlineMs: 60_000 }, async () => {
      const names = await namesAtGlobal();
      return names.includes('zone-1/backend-2') && !names.includes('zone-1/backend-1');
    });
    expect((await eventually(await vip('billing.mesh'), (result) => result.status === 200)).echo?.zone).toBe('zone-2');
  });

  it('keeps answering DNS while the zone control plane is away', async () => {
    const zoneCp = lab.deployment.group.find('zone-1.zone-cp');
    await zoneCp?.kill();
    expect(await resolveName('billing.mesh', { address: '127.0.0.1', port: lab.zone1.ports.dns })).toHaveLength(1);
    await lab.deployment.launchService('zone-cp', 'zone-1', lab.zone1.env);
    await lab.deployment.waitForZone(lab.global, 'zone-1');
  });

  it('survives garbage on every port', async () => {
    const { api, apiHttps, kds, internal } = lab.global.ports;
    const zonePorts = [lab.zone1, lab.zone2].flatMap(({ ports: p }) => [p.api, p.apiHttps, p.internal, p.dp, p.zoneProxyXds, p.dns]);
    const ports = [api, apiHttps, kds, internal, ...zonePorts];
    const garbage = [
      Buffer.alloc(64 * 1024, 0xff),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0garbage'),
      Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256)),
    ];
    const running = () => lab.deployment.group.processes.filter((process) => process.running).map((process) => process.pid);
    const before = running();
    for (const port of ports) for (const bytes of garbage) await throwAt(port, bytes);
    expect((await eventually(await vip('billing.mesh'), (result) => result.status === 200)).echo?.zone).toBe('zone-2');
    expect(running()).toEqual(before);
  });
});

async function namesAtGlobal(): Promise<string[]> {
  const list = await lab.global.api.get<{ items: { labels: Record<string, string> }[] }>('/dataplanes');
  return (list?.items ?? []).map((item) => `${item.labels['kuma.io/zone']}/${item.labels['kuma.io/display-name']}`);
}

function throwAt(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
    socket.setTimeout(2000, () => socket.destroy());
  });
}
