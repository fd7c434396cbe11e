import { rmSync } from 'node:fs';
import { allowAll, type ControlPlaneHandle, dataplane, probe, resolveName, startTwoZones, type TwoZones, until } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { makeWorkDir } from './work-dir.js';

const workDir = makeWorkDir('killed');
let lab: TwoZones;

beforeAll(async () => {
  lab = await startTwoZones({ binDir: BIN_DIR, workDir, envoyPath: envoyPath(), addressBlock: 232, store: 'postgres', layout: 'services' });
});

afterAll(async () => {
  await lab?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

const soon = <T>(what: string, check: () => Promise<T | undefined | false>) => until({ what, deadlineMs: 40_000, intervalMs: 50 }, check);

async function kill(owner: ControlPlaneHandle, service: string): Promise<void> {
  const { group } = lab.deployment;
  const killed = group.find(`${owner.name}.${service}`);
  expect(killed?.running).toBe(true);
  await killed?.stop('SIGKILL');
  await lab.deployment.launchService(service, owner.name, owner.env);
}

/** A permission set at the global reaches the requests of zone-1 and those that come to zone-2. */
async function expectPolicyWorks(): Promise<void> {
  const path = '/meshes/default/meshtrafficpermissions/allow-all';
  const status = async () => (await probe(lab.backendFromWeb)).status;
  const deny = JSON.parse(JSON.stringify(allowAll()).replace('Allow', 'Deny')) as object;
  await soon('the API to take a deny', async () => {
    await lab.global.api.put(path, deny);
    return true;
  });
  let denied = 0;
  await soon('the deny in both zones', async () => {
    denied = (await status()) === 403 ? denied + 1 : 0;
    return denied === 10;
  });
  await lab.global.api.put(path, allowAll());
  const zones = new Set<string>();
  await soon('answers of both zones', async () => {
    const { echo } = await probe(lab.backendFromWeb);
    if (echo) zones.add(echo.zone);
    return zones.size === 2;
  });
}

interface Overview {
  readonly zoneIngressInsight?: { readonly subscriptions?: readonly { connectTime?: string; disconnectTime?: string }[] };
}

async function ingressOnline(zone: ControlPlaneHandle): Promise<boolean> {
  const overview = await zone.api.get<Overview>('/zoneingresses/ingress-1/_overview');
  return overview?.zoneIngressInsight?.subscriptions?.filter((s) => s.connectTime && !s.disconnectTime).length === 1;
}

describe('a service that is killed and started again', () => {
  it.each<['global' | 'zone1', string]>([
    ['global', 'api-gateway'],
    ['global', 'global-cp'],
    ['zone1', 'api-gateway'],
    ['zone1', 'zone-cp'],
    ['zone1', 'ingress-manager'],
    ['zone1', 'dns-resolver'],
  ])('goes on: %s %s', async (place, service) => {
    const owner = lab[place];
    // Requests go on while it is away.
    await kill(owner, service);
    expect((await probe(lab.backendFromWeb)).status).toBe(200);
    await soon('the API', async () => (await owner.api.get('/meshes/default')) !== undefined);
    await lab.deployment.waitForZone(lab.global, 'zone-1');
    await expectPolicyWorks();
    await soon('the ingress online, once', () => ingressOnline(lab.zone1));
    await soon('DNS', async () => (await resolveName('billing.mesh', { address: '127.0.0.1', port: lab.zone1.ports.dns })).length === 1);
  });

  it('takes its Envoy along when kuma-dp is killed, and a new one serves in its place', async () => {
    const name = 'zone-2.billing-1';
    const killed = lab.deployment.group.find(name);
    const envoy = Number(/"pid":(\d+),"msg":"Envoy started"/.exec(killed?.tail(1000) ?? '')?.[1]);
    expect(isAlive(envoy)).toBe(true);
    await killed?.stop('SIGKILL');
    await soon('its Envoy gone', async () => !isAlive(envoy));
    await lab.deployment.launchDataplane({ zone: lab.zone2, document: dataplane(lab.instances.billing) });
    const address = await soon(
      'billing.mesh',
      async () => (await resolveName('billing.mesh', { address: '127.0.0.1', port: lab.zone1.ports.dns }))[0],
    );
    await soon('billing again', async () => (await probe({ host: address, port: lab.vipPort, hostHeader: 'billing.mesh' })).status === 200);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
