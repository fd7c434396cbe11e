import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ControlPlaneHandle,
  dataplane,
  type EmbeddedPostgres,
  meshWithMtls,
  probe,
  resolveName,
  type ServiceInstance,
  startEmbeddedPostgres,
  startTwoZones,
  type TwoZones,
  until,
} from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { timeoutForNobody } from './policies.js';
import { TokenCheck } from './token-check.js';
import { makeWorkDir } from './work-dir.js';

/** What a proxy loses, moves or gets anew, as Envoy counts it. */
const FLAPS = /cluster_manager\.cluster_(added|modified|removed)|listener_manager\.listener_(added|modified|removed)|\.membership_change/;
const DATABASES = ['global', 'zone1', 'zone2'] as const;

const workDir = makeWorkDir('absence');
const dataDir = join(workDir, 'postgres');
const soon = <T>(what: string, check: () => Promise<T | undefined | false>) => until({ what, deadlineMs: 90_000, intervalMs: 100 }, check);
let postgres: EmbeddedPostgres;
let lab: TwoZones;

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dataDir, databases: DATABASES });
  const { host, port, user, password } = postgres;
  const [global, zone1, zone2] = DATABASES.map((database) => ({ type: 'postgres', host, port, user, password, database }) as const);
  if (!global || !zone1 || !zone2) throw new Error('three databases are needed');
  const store = { global, zone1, zone2 };
  lab = await startTwoZones({ binDir: BIN_DIR, workDir, envoyPath: envoyPath(), addressBlock: 209, store, layout: 'services' });
});

afterAll(async () => {
  await lab?.stop();
  await postgres?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

async function kill(owner: ControlPlaneHandle, service: string): Promise<void> {
  const found = lab.deployment.group.find(`${owner.name}.${service}`);
  expect(found?.running).toBe(true);
  await found?.stop('SIGKILL');
}

const startAgain = (owner: ControlPlaneHandle, service: string) => lab.deployment.launchService(service, owner.name, owner.env);

async function certificatesOf(name: string): Promise<number> {
  const overview = await lab.zone1.api.get<{ dataplaneInsight?: { mTLS?: { certificateRegenerations?: number } } }>(
    `/meshes/default/dataplanes/${name}/_overview`,
  );
  return overview?.dataplaneInsight?.mTLS?.certificateRegenerations ?? 0;
}

/** Counters of all that an Envoy lost, moved or got, by name. */
async function flapsOf(zone: ControlPlaneHandle, path: string): Promise<Record<string, number>> {
  const response = await fetch(`http://127.0.0.1:${zone.ports.api}${path}/stats`);
  expect(response.status).toBe(200);
  const lines = (await response.text()).split('\n').map((line) => line.split(': '));
  return Object.fromEntries(lines.filter(([name = '']) => FLAPS.test(name)).map(([name = '', value]) => [name, Number(value)]));
}

/** Of every proxy of both zones. */
async function allFlaps(): Promise<Record<string, Record<string, number>>> {
  const dataplanes = (names: string[]) => names.map((name) => `/meshes/default/dataplanes/${name}`);
  const proxies = [
    ...[...dataplanes(['web-1', 'backend-9']), '/zoneingresses/ingress-1'].map((path) => [lab.zone1, path] as const),
    ...[...dataplanes(['backend-1', 'billing-1']), '/zoneingresses/ingress-1'].map((path) => [lab.zone2, path] as const),
  ];
  return Object.fromEntries(await Promise.all(proxies.map(async ([zone, path]) => [`${zone.name}${path}`, await flapsOf(zone, path)])));
}

/** As the global sees them, by the names they have in the zone. */
async function dataplanesOfZone1(): Promise<string[]> {
  const list = await lab.global.api.get<{ items: { labels?: Record<string, string> }[] }>('/dataplanes');
  const ofZone = list?.items.filter(({ labels }) => labels?.['kuma.io/zone'] === 'zone-1') ?? [];
  return ofZone.map(({ labels }) => labels?.['kuma.io/display-name'] ?? '');
}

/** Writes something that no proxy needs, and waits until all proxies that hang on that control plane are known to be up to date with it. */
async function converged({ api }: ControlPlaneHandle, path: string, document: object): Promise<void> {
  const written = await soon('a write', () => api.put(path, document));
  const revision = written.headers.get('kuma-revision');
  await soon('everybody up to date', async () => {
    const told = await api.get<{ state: string }>(`/convergence?revision=${revision}&timeout=5s`);
    return told?.state === 'converged';
  });
}

describe('zones whose global is away', () => {
  it('go on with all that is theirs, and their first contact afterwards moves nothing in any proxy', async () => {
    const { deployment, global, zone1, instances, backendFromWeb } = lab;
    const rotating = [{ name: 'ca-1', type: 'builtin', dpCert: { rotation: { expiration: '20s' } } }];
    await global.api.put('/meshes/default', { ...meshWithMtls(), mtls: { enabledBackend: 'ca-1', backends: rotating } });
    await soon('the rotation in zone-1', async () => JSON.stringify(await zone1.api.get('/meshes/default')).includes('20s'));
    const tokens = await TokenCheck.prepare(global, zone1);
    for (const service of ['api-gateway', 'global-cp']) await kill(global, service);

    const joined: ServiceInstance = { ...instances.backend1, name: 'backend-9', address: '127.209.1.9' };
    deployment.launchEcho({ name: joined.name, zone: joined.zone, address: joined.address, port: joined.appPort });
    await deployment.launchDataplane({ zone: zone1, document: dataplane(joined) });
    await soon('requests at a dataplane that joined', async () => (await probe(backendFromWeb)).echo?.name === 'backend-9');
    await deployment.group.find('zone-1.backend-1')?.stop();
    await soon('no trace of one that left', async () => !(await zone1.api.get('/meshes/default/dataplanes/backend-1')));
    await tokens.expectAnswers();
    const rotations = await certificatesOf('web-1');
    for (const service of ['zone-cp', 'ingress-manager']) await kill(zone1, service);
    await postgres.stop();
    postgres = await startEmbeddedPostgres({ dataDir, port: postgres.port, databases: DATABASES });
    for (const service of ['zone-cp', 'ingress-manager']) await startAgain(zone1, service);
    await soon('certificates that rotate', async () => (await certificatesOf('web-1')) > rotations);
    await tokens.expectAnswers();
    expect(await resolveName('backend.mesh', { address: '127.0.0.1', port: zone1.ports.dns })).toHaveLength(1);
    await soon('all proxies at the zone control plane', async () => Object.keys(await allFlaps()).length === 6);
    // What a zone control plane gives proxies anew after its own restart is no matter of the global.
    await converged(zone1, '/meshes/default/meshtimeouts/unused', timeoutForNobody('unused'));

    const before = await allFlaps();
    for (const counters of Object.values(before)) expect(Object.keys(counters).length).toBeGreaterThan(3);
    for (const service of ['global-cp', 'api-gateway']) await startAgain(global, service);
    for (const zone of ['zone-1', 'zone-2']) await deployment.waitForZone(global, zone);
    await converged(global, '/meshes/later', { type: 'Mesh', name: 'later' });
    await soon('who joined and who left at the global', async () => {
      const known = await dataplanesOfZone1();
      return known.includes('backend-9') && !known.includes('backend-1');
    });
    expect(await allFlaps()).toEqual(before);

    for (const zone of [zone1, lab.zone2]) expect(await zone.api.get('/meshes/later')).toBeDefined();
    const counters = Object.values(before).reduce((sum, ofProxy) => sum + Object.keys(ofProxy).length, 0);
    process.stdout.write(`  after the absence ${counters} counters of ${Object.keys(before).length} Envoys stand where they stood\n`);
  }, 300_000);
});
