import { rmSync } from 'node:fs';
import { storedMentions, Traffic } from '@mesh/fault-kit';
import {
  type ApiClient,
  type ControlPlaneHandle,
  choosePort,
  probe,
  type StartedIngress,
  type StoreChoice,
  startIngress,
  startTwoZones,
  type TwoZones,
  until,
} from '@mesh/lab-kit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { timeoutForNobody } from './policies.js';
import { makeWorkDir } from './work-dir.js';

const BLOCK = 212;
const SERVICES = ['zone-cp', 'ingress-manager', 'dns-resolver', 'api-gateway'] as const;
const workDir = makeWorkDir('zone-life');
const soon = <T>(what: string, check: () => Promise<T | undefined | false>) =>
  until({ what, deadlineMs: 60_000, intervalMs: 10, signal: lab.deployment.group.signal }, check);
let lab: TwoZones;
let traffic: Traffic;
/** Of zone-2, under the name it has at present. */
let zone2: ControlPlaneHandle;
let ingress2: StartedIngress;

beforeAll(async () => {
  const backendFromBilling = await choosePort(20_002, `127.${BLOCK}.2.3`);
  lab = await startTwoZones({
    binDir: BIN_DIR,
    workDir,
    envoyPath: envoyPath(),
    addressBlock: BLOCK,
    store: 'postgres',
    layout: 'services',
    billingOutbounds: [{ service: 'backend', port: backendFromBilling }],
    env: { KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY: '1s' },
  });
  ({ zone2, ingress2 } = lab);
  const port = await choosePort(0, `127.${BLOCK}.2.9`);
  const egress = { type: 'ZoneEgress', name: 'egress-1', networking: { address: `127.${BLOCK}.2.9`, port } };
  await lab.deployment.launchDataplane({ zone: zone2, proxyType: 'egress', document: egress });
  await zone2.api.put('/meshes/default/meshtimeouts/of-the-zone', timeoutForNobody('of-the-zone'));
  traffic = new Traffic([
    { name: 'web -> backend', ...lab.backendFromWeb, perSecond: 30 },
    { name: 'billing -> backend', host: lab.instances.billing.address, port: backendFromBilling, perSecond: 30 },
  ]);
  await soon('everything of zone-2 at the global', async () => (await atGlobal('/meshtimeouts')).length === 1 && (await egresses()) === 1);
  await soon('answers of both zones', () => comesFrom(['zone-1', 'zone-2']));
  traffic.start();
}, 240_000);

afterAll(async () => {
  await traffic?.stop();
  await lab?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

beforeEach(() => void traffic.failures.splice(0));

interface Item {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a control plane has of a kind that came from a zone, as `zone/name`. */
async function itemsOf(api: ApiClient, path: string): Promise<string[]> {
  const list = await api.get<{ items: Item[] }>(`${path}?size=1000`);
  const ofZones = list?.items.filter(({ labels }) => labels?.['kuma.io/zone'] !== undefined) ?? [];
  return ofZones.map(({ name, labels }) => `${labels?.['kuma.io/zone']}/${labels?.['kuma.io/display-name'] ?? name}`).sort();
}

const atGlobal = async (path: string) => (await itemsOf(lab.global.api, path)).filter((item) => !item.startsWith('zone-1/'));
const egresses = async () => (await atGlobal('/zoneegresses')).length;

/** The zones that answered the last forty requests of web. */
async function comesFrom(zones: readonly string[]): Promise<boolean> {
  const answered = new Set<string>();
  for (let count = 0; count < 40; count++) answered.add((await probe(lab.backendFromWeb)).echo?.zone ?? '');
  return [...answered].sort().join() === zones.join();
}

/** Whether an Envoy of zone-1 has an endpoint there. */
async function knows(proxy: string, { address, port }: StartedIngress): Promise<boolean> {
  const response = await fetch(`${lab.zone1.api.url}${proxy}/clusters`);
  expect(response.status).toBe(200);
  return (await response.text()).includes(`${address}:${port}`);
}

const PROXIES_OF_ZONE_1 = ['/meshes/default/dataplanes/web-1', '/meshes/default/dataplanes/backend-1', '/zoneingresses/ingress-1'];
/** Envoys of zone-1 that know the ingress of zone-2. */
const knowing = async (ingress: StartedIngress) =>
  (await Promise.all(PROXIES_OF_ZONE_1.map((proxy) => knows(proxy, ingress)))).filter(Boolean).length;

interface Overview {
  readonly zone?: { readonly enabled?: boolean };
  readonly zoneInsight?: { readonly subscriptions?: readonly { connectTime?: string; disconnectTime?: string }[] };
}

/** As `kumactl inspect zones` decides it. */
async function isOnline(zone: string): Promise<boolean> {
  const overview = await lab.global.api.get<Overview>(`/zones/${zone}/_overview`);
  const connected = overview?.zoneInsight?.subscriptions?.some((s) => s.connectTime && !s.disconnectTime) ?? false;
  return connected && overview?.zone?.enabled !== false;
}

const storeOf = (database: 'global' | 'zone1'): StoreChoice => {
  if (!lab.postgres) throw new Error('the lab has no Postgres');
  const { host, port, user, password } = lab.postgres;
  return { type: 'postgres', host, port, user, password, database };
};

/** Resources a control plane stores that mention a zone; not the one whose settings name a directory. */
const mentions = (database: 'global' | 'zone1', zone: string) => storedMentions(storeOf(database), `[^/]${zone}`);

async function stopServices(name: string): Promise<void> {
  await Promise.all(SERVICES.map((service) => lab.deployment.group.find(`${name}.${service}`)?.stop()));
}

describe('a zone under traffic', () => {
  it('is out of all Envoys of other zones and Offline once it is disabled, and back once it is enabled; nobody is refused', async () => {
    const before = await knowing(ingress2);
    expect(before).toBeGreaterThan(0);
    const enable = async (enabled: boolean): Promise<number> => {
      const startedAt = performance.now();
      await lab.global.api.put('/zones/zone-2', { type: 'Zone', name: 'zone-2', enabled });
      await soon(`zone-2 ${enabled ? 'in' : 'out of'} Envoys`, async () => (await knowing(ingress2)) === (enabled ? before : 0));
      return Math.round(performance.now() - startedAt);
    };
    const outMs = await enable(false);
    await soon('zone-2 Offline', async () => !(await isOnline('zone-2')));
    expect(await comesFrom(['zone-1'])).toBe(true);
    const inMs = await enable(true);
    await soon('zone-2 Online', () => isOnline('zone-2'));
    await soon('answers of both zones', () => comesFrom(['zone-1', 'zone-2']));
    process.stdout.write(
      `  a zone that is disabled is out of all Envoys of others after ${outMs} ms, and in after ${inMs} ms once enabled\n`,
    );
    expect(traffic.failures).toEqual([]);
  });

  it('goes on under another name with all it made, and nothing of it is there twice', async () => {
    await stopServices('zone-2');
    const env = { ...zone2.env, KUMA_MULTIZONE_ZONE_NAME: 'zone-3' };
    for (const service of SERVICES) await lab.deployment.launchService(service, 'zone-3', env);
    zone2 = { ...zone2, name: 'zone-3', env };
    await lab.deployment.waitForApi(zone2);
    await soon('zone-3 Online', () => isOnline('zone-3'));
    // Tokens of zone proxies name the zone: the new one first, then the old one goes.
    const old = ingress2;
    ingress2 = await startIngress({ options: { addressBlock: BLOCK }, deployment: lab.deployment, zone: zone2, index: 2, number: 2 });
    await soon('the new ingress in zone-1', async () => (await knowing(ingress2)) > 0);
    await old.process.stop();
    await zone2.api.delete('/zoneingresses/ingress-1');
    await soon('the old ingress gone from zone-1', async () => (await knowing(old)) === 0);
    await soon('answers of both zones', () => comesFrom(['zone-1', 'zone-2']));
    await soon(
      'its own Zone to be the new one alone',
      async () => (await itemsOf(lab.zone1.api, '/zoneingresses')).join() === 'zone-1/ingress-1,zone-3/ingress-2',
    );
    await lab.global.api.delete('/zones/zone-2');
    await soon('no trace of the old name at the global', async () => (await mentions('global', 'zone-2')).length === 0);
    expect(await mentions('zone1', 'zone-2')).toEqual([]);
    expect(await atGlobal('/dataplanes')).toEqual(['zone-3/backend-1', 'zone-3/billing-1']);
    expect(await atGlobal('/zoneingresses')).toEqual(['zone-3/ingress-2']);
    expect(await atGlobal('/zoneegresses')).toEqual(['zone-3/egress-1']);
    expect(await atGlobal('/meshtimeouts')).toEqual(['zone-3/of-the-zone']);
    expect(traffic.failures).toEqual([]);
  });

  it('is not deleted while it is connected, and takes everything of it along afterwards', async () => {
    const refused = await fetch(`${lab.global.api.url}/zones/zone-3`, { method: 'DELETE' });
    expect(await refused.text()).toContain('unable to delete Zone, Zone CP is still connected, please shut it down first');
    expect(refused.status).toBe(400);
    await stopServices('zone-3');
    await soon('zone-3 Offline', async () => !(await isOnline('zone-3')));
    const kinds = (await mentions('global', 'zone-3')).map((key) => key.split(' ')[0]);
    expect([...new Set(kinds)]).toEqual(
      expect.arrayContaining([
        'Config',
        'Dataplane',
        'DataplaneInsight',
        'MeshTimeout',
        'Zone',
        'ZoneEgress',
        'ZoneEgressInsight',
        'ZoneIngress',
        'ZoneInsight',
      ]),
    );
    await lab.global.api.delete('/zones/zone-3');
    await soon('no trace of it at the global', async () => (await mentions('global', 'zone-3')).length === 0);
    await soon('no trace of it in zone-1', async () => (await mentions('zone1', 'zone-3')).length === 0);
    await soon('no way to it in Envoys of zone-1', async () => (await knowing(ingress2)) === 0);
    const metrics = lab.deployment.group.find('global.global-cp')?.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT'];
    await soon(
      'no trace of it in metrics',
      async () => !/zone="zone-[23]"/.test(await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()),
    );
    expect(traffic.failures).toEqual([]);
  });
});
