import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  ApiClient,
  allowAll,
  type ControlPlanePorts,
  chooseControlPlanePorts,
  choosePort,
  Deployment,
  type EmbeddedPostgres,
  listenerEnv,
  meshWithMtls,
  probe,
  startEmbeddedPostgres,
  until,
} from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { UserMachine } from './user-machine.js';
import { makeWorkDir } from './work-dir.js';

/** The Universal commands of "Deploy a multi-zone global control plane" of the Kuma 2.5 manual. */
const SERVICE = 'echo-server_echo-example_svc_1010';
const workDir = makeWorkDir('multi-zone-2.5');
const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
let postgres: EmbeddedPostgres | undefined;
const ports = {} as Record<Place, ControlPlanePorts>;
const machines = {} as Record<Place, UserMachine>;
type Place = 'global' | 'zone-1' | 'zone-2';
const PLACES: readonly Place[] = ['global', 'zone-1', 'zone-2'];
let outbound = 0;

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dataDir: join(workDir, 'postgres'), databases: [...PLACES] });
  outbound = await choosePort(20_012);
  for (const place of PLACES) ports[place] = await chooseControlPlanePorts();
  for (const place of PLACES) machines[place] = await machine(place, postgres);
  await Promise.all(PLACES.map((place) => machines[place].shell(`${STORE}\nkuma-cp migrate up`)));
});

afterAll(async () => {
  await deployment.stop();
  await postgres?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

async function machine(name: Place, { host, port, user, password }: EmbeddedPostgres): Promise<UserMachine> {
  const address = name === 'zone-2' ? '127.0.0.2' : '127.0.0.1';
  const replace = new Map([
    ['<postgres-host>', host],
    ['<postgres-port>', String(port)],
    ['<postgres-user>', user],
    ['<postgres-password>', password],
    ['<postgres-db-name>', name],
    ['<zone-name>', name],
    ['<global-kds-address>:5685', `127.0.0.1:${ports.global.kds}`],
    ['<kuma-cp-address>:5678', `127.0.0.1:${ports[name].dp}`],
    ['http://localhost:5681', `http://localhost:${ports[name].api}`],
    ['/tmp/', `${workDir}/`],
    ['10.0.0.1', address],
    [': 127.0.0.1', `: ${address}`],
    [': 10000', `: ${await choosePort(0, address)}`],
    [': 10002', `: ${await choosePort(0, address)}`],
    ['port: 20012', `port: ${outbound}`],
  ]);
  const env = { ...listenerEnv(ports[name]), KUMA_DIAGNOSTICS_SERVER_PORT: String(await choosePort(0)) };
  return new UserMachine({ name, deployment, replace, env });
}

const STORE = `KUMA_ENVIRONMENT=universal \\
KUMA_STORE_TYPE=postgres \\
KUMA_STORE_POSTGRES_HOST=<postgres-host> \\
KUMA_STORE_POSTGRES_PORT=<postgres-port> \\
KUMA_STORE_POSTGRES_USER=<postgres-user> \\
KUMA_STORE_POSTGRES_PASSWORD=<postgres-password> \\
KUMA_STORE_POSTGRES_DB_NAME=<postgres-db-name> \\`;

function startZone(place: 'zone-1' | 'zone-2') {
  return machines[place].start(
    'kuma-cp',
    `KUMA_MODE=zone \\
KUMA_MULTIZONE_ZONE_NAME=<zone-name> \\
${STORE}
KUMA_MULTIZONE_ZONE_KDS_TLS_SKIP_VERIFY=true \\
KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS=grpcs://<global-kds-address>:5685 \\
kuma-cp run`,
    'control-plane',
  );
}

const soon = <T>(what: string, check: () => Promise<T | undefined | false>) =>
  until({ what, deadlineMs: 25_000, intervalMs: 100, signal: deployment.group.signal }, check);

const kumactl = async (args: string) => (await machines.global.shell(`kumactl ${args}`)).stdout;

const statusOf = async (command: string, name: string) =>
  new RegExp(`^.*\\b${name}\\b.*?(Online|Offline)`, 'm').exec(await kumactl(command))?.[1];

const answer = () => probe({ host: '127.0.0.1', port: outbound, timeoutMs: 2000 });

async function startProxy(place: Place, name: string, networking: string) {
  await machines[place].shell(`echo "type: Dataplane
mesh: default
name: ${name}
networking:
${networking}" > ${name}.yaml
kumactl config control-planes add --name zone --address http://localhost:5681 --overwrite
kumactl generate dataplane-token --name=${name} --mesh=default > ${name}.token`);
  return machines[place].start(
    name,
    `kuma-dp run --cp-address=https://<kuma-cp-address>:5678 --ca-cert-file=$HOME/.kuma/kuma-cp.crt \\
--dataplane-token-file=${name}.token --dataplane-file=${name}.yaml`,
  );
}

describe('the multi-zone manual of Kuma 2.5', () => {
  it('starts a global and two zones on Postgres, and kumactl get zones lists them', async () => {
    machines.global.start('kuma-cp', `KUMA_MODE=global \\\n${STORE}\nkuma-cp run`, 'control-plane');
    await soon('API of the global', async () => (await new ApiClient(`http://127.0.0.1:${ports.global.api}`).get('/meshes')) !== undefined);
    startZone('zone-1');
    startZone('zone-2');
    await kumactl(`config control-planes add \\
--name global-control-plane \\
--address http://localhost:5681 \\
--skip-verify`);
    await soon('both zones', async () => /zone-1[\s\S]*zone-2/.test(await kumactl('get zones')));
    await soon('both zones online', async () => (await kumactl('inspect zones')).match(/Online/g)?.length === 2);
  });

  it('brings up zone ingresses and a zone egress with one zone token of the global', async () => {
    await machines.global.shell(
      `echo '${JSON.stringify(meshWithMtls())}' | kumactl apply -f - && echo '${JSON.stringify(allowAll())}' | kumactl apply -f -`,
    );
    for (const place of ['zone-1', 'zone-2'] as const) {
      await kumactl(`generate zone-token --zone=${place} --scope egress --scope ingress > /tmp/zone-token-${place}`);
      await machines[place].shell(`echo "type: ZoneIngress
name: ingress-01
networking:
  address: 127.0.0.1 # address that is routable within the zone
  port: 10000
  advertisedAddress: 10.0.0.1 # an address which other zones can use to consume this zone-ingress
  advertisedPort: 10000 # a port which other zones can use to consume this zone-ingress" > ingress-dp.yaml`);
      // zone-1: on the machine of its control plane; zone-2: as if elsewhere, with a copy of the certificate.
      if (place === 'zone-2') await machines[place].shell(`cp ~/.kuma/kuma-cp.crt /tmp/kuma-cp.crt`);
      machines[place].start(
        'ingress',
        `kuma-dp run \\
--proxy-type=ingress \\
--cp-address=https://<kuma-cp-address>:5678 \\
--dataplane-token-file=/tmp/zone-token-${place} \\
${place === 'zone-2' ? '--ca-cert-file=/tmp/kuma-cp.crt \\\n' : ''}--dataplane-file=ingress-dp.yaml`,
      );
    }
    await machines['zone-1'].shell(`echo "type: ZoneEgress
name: zoneegress-01
networking:
  address: 127.0.0.1 # address that is routable within the zone
  port: 10002" > zoneegress-dataplane.yaml`);
    machines['zone-1'].start(
      'egress',
      `kuma-dp run \\
--proxy-type=egress \\
--cp-address=https://<kuma-cp-address>:5678 \\
--dataplane-token-file=/tmp/zone-token-zone-1 \\
--dataplane-file=zoneegress-dataplane.yaml`,
    );
    await soon('two ingresses online', async () => (await kumactl('inspect zoneingresses')).match(/Online/g)?.length === 2);
    await soon('an egress online', async () => (await statusOf('inspect zoneegresses', 'zoneegress-01.*')) === 'Online');
  });

  it('reaches a service of the other zone on the outbound port', async () => {
    const [inbound, app] = [await choosePort(0, '127.0.0.2'), await choosePort(0, '127.0.0.2')];
    deployment.launchEcho({ name: 'echo-server', zone: 'zone-2', address: '127.0.0.2', port: app });
    await startProxy(
      'zone-2',
      'echo-1',
      `  address: 127.0.0.1
  inbound:
  - port: ${inbound}
    servicePort: ${app}
    serviceAddress: 127.0.0.2
    tags:
      kuma.io/service: ${SERVICE}
      kuma.io/protocol: http`,
    );
    await startProxy(
      'zone-1',
      'client-1',
      `  address: 127.0.0.1
  inbound:
  - port: ${await choosePort(0)}
    tags:
      kuma.io/service: client
  outbound:
  - port: 20012
    tags:
      kuma.io/service: ${SERVICE}`,
    );
    expect(await soon('an answer of zone-2', async () => (await answer()).echo?.zone)).toBe('zone-2');
    await soon('the service online', async () => new RegExp(`${SERVICE}\\s.*Online\\s+1/1`).test(await kumactl('inspect services')));
  });

  it('takes a disabled zone off the mesh and shows it Offline, and brings it back when enabled', async () => {
    const enable = (enabled: boolean) =>
      machines.global.shell(`echo "type: Zone\nname: zone-2\nspec:\n  enabled: ${enabled}" | kumactl apply -f -`);
    const zone1 = new ApiClient(`http://127.0.0.1:${ports['zone-1'].api}`);
    const ingresses = async () => (await zone1.get<{ total: number }>('/zoneingresses'))?.total;
    expect(await ingresses()).toBe(2);
    await enable(false);
    await soon('zone-2 offline', async () => (await statusOf('inspect zones', 'zone-2')) === 'Offline');
    await soon('the ingress of zone-2 gone from zone-1', async () => (await ingresses()) === 1);
    // Without an endpoint the protocol is unknown too: a refused connection will do as well as a 503.
    await soon('no way to zone-2', () =>
      answer().then(
        ({ status }) => status !== 200,
        () => true,
      ),
    );
    await enable(true);
    await soon('zone-2 online', async () => (await statusOf('inspect zones', 'zone-2')) === 'Online');
    await soon('an answer of zone-2', async () => (await answer()).echo?.zone === 'zone-2');
  });

  it('deletes a zone, with all that came from it, only after its control plane was shut down', async () => {
    const refused = await machines.global.attempt('kumactl delete zone zone-2');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('zone: unable to delete Zone, Zone CP is still connected, please shut it down first');
    await deployment.group.find('zone-2.kuma-cp')?.stop();
    await soon('zone-2 offline', async () => (await statusOf('inspect zones', 'zone-2')) === 'Offline');
    expect(await kumactl('get dataplanes')).toContain('echo-1');
    await kumactl('delete zone zone-2');
    expect(await kumactl('get zones')).not.toContain('zone-2');
    await soon('its dataplane gone', async () => !(await kumactl('get dataplanes')).includes('echo-1'));
    const zone1 = new ApiClient(`http://127.0.0.1:${ports['zone-1'].api}`);
    await soon('its ingress gone from zone-1', async () => (await zone1.get<{ total: number }>('/zoneingresses'))?.total === 1);
  });
});
