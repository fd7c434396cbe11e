import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ApiClient,
  allowAll,
  type ControlPlanePorts,
  chooseControlPlanePorts,
  choosePort,
  Deployment,
  listenerEnv,
  meshWithMtls,
  probe,
  until,
} from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { UserMachine } from './user-machine.js';
import { makeWorkDir } from './work-dir.js';

/** The Universal commands of "Deployments" of the Kuma 0.6 manual; zones dial the global today, so theirs know its address. */
type Place = 'global' | 'zone-1' | 'zone-2';
const PLACES: readonly Place[] = ['global', 'zone-1', 'zone-2'];
const SERVICE = 'echo-server_echo-example_svc_1010';
const workDir = makeWorkDir('0.6');
const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
const ports = {} as Record<Place, ControlPlanePorts & { bootstrap: number }>;
const machines = {} as Record<Place, UserMachine>;
let [ingress, app, inbound, outbound] = [0, 0, 0, 0];

beforeAll(async () => {
  ingress = await choosePort(0);
  app = await choosePort(0);
  inbound = await choosePort(0);
  outbound = await choosePort(20_012);
  for (const place of PLACES) ports[place] = { ...(await chooseControlPlanePorts()), bootstrap: await choosePort(0) };
  for (const name of PLACES) {
    const replace = new Map([
      ['<zone name>', name],
      ['http://localhost:15681', `http://localhost:${ports[name].bootstrap}`],
      ['port: 10000', `port: ${ingress}`],
      ['port: 2010', `port: ${inbound}`],
      ['servicePort: 1010', `servicePort: ${app}`],
      ['port: 20012', `port: ${outbound}`],
      ['/tmp/', `${workDir}/`],
    ]);
    const env = {
      ...listenerEnv(ports[name]),
      KUMA_DIAGNOSTICS_SERVER_PORT: String(await choosePort(0)),
      KUMA_BOOTSTRAP_SERVER_PORT: String(ports[name].bootstrap),
      ...(name === 'global'
        ? {}
        : {
            KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: `grpcs://127.0.0.1:${ports.global.kds}`,
            KUMA_MULTIZONE_ZONE_KDS_TLS_SKIP_VERIFY: 'true',
          }),
    };
    machines[name] = new UserMachine({ name, deployment, replace, env });
  }
});

afterAll(async () => {
  await deployment.stop();
  rmSync(workDir, { recursive: true, force: true });
});

const soon = <T>(what: string, check: () => Promise<T | undefined | false>) =>
  until({ what, deadlineMs: 25_000, intervalMs: 100, signal: deployment.group.signal }, check);

const apiOf = (place: Place) => new ApiClient(`http://127.0.0.1:${ports[place].api}`);

/** A Dataplane of the manual, its token and its proxy. */
async function startProxy(place: Place, document: string): Promise<void> {
  await machines[place].shell(`echo "${document}" | kumactl apply -f -`);
  await machines[place].shell('kumactl generate dataplane-token --dataplane=backend-02 > backend-02.token');
  machines[place].start(
    'backend-02',
    'kuma-dp run --name=backend-02 --cp-address=http://localhost:15681 --dataplane-token-file=backend-02.token',
  );
}

const ingressDataplane = (ingressField: string) => `echo "type: Dataplane
mesh: default
name: ingress-01
networking:
  address: 127.0.0.1
  ingress: ${ingressField}
  inbound:
  - port: 10000
    tags:
      service: ingress" | kumactl apply -f -`;

describe('the distributed mode of the Kuma 0.6 manual', () => {
  it('starts a global from its YAML, which says that zones dial in today, and remotes that join it', async () => {
    writeFileSync(
      join(machines.global.home, 'global.yaml'),
      `mode:
  global:
    lbaddress: grpcs://127.0.0.1:5685
    zones:
      - remote:
          address: grpcs://127.0.0.1:5685
        ingress:
          address: 127.0.0.1:8080
      - remote:
          address: grpcs://127.0.0.1:5685
        ingress:
          address: 127.0.0.1:8080
`,
    );
    const global = machines.global.start('kuma-cp', 'KUMA_MODE_MODE=global kuma-cp run --config-file=global.yaml', 'control-plane');
    await soon('API of the global', async () => (await apiOf('global').get('/meshes')) !== undefined);
    expect(global.tail(50)).toContain('zones dial the global');
    for (const place of PLACES.slice(1)) {
      machines[place].start('kuma-cp', 'KUMA_MODE_MODE=remote KUMA_MODE_REMOTE_ZONE=<zone name> kuma-cp run', 'control-plane');
    }
    for (const place of PLACES) await soon(`API of ${place}`, async () => (await apiOf(place).get('/meshes')) !== undefined);
    for (const place of PLACES) await machines[place].shell(`kumactl config control-planes add --name here --address ${apiOf(place).url}`);
    await soon(
      'both zones online',
      async () => (await machines.global.shell('kumactl inspect zones')).stdout.match(/Online/g)?.length === 2,
    );
    await apiOf('global').put('/meshes/default', meshWithMtls());
    await apiOf('global').put('/meshes/default/meshtrafficpermissions/allow-all', allowAll());
    await soon('the mesh in both zones', async () => {
      const meshes = await Promise.all(PLACES.map((place) => apiOf(place).get<{ mtls?: object }>('/meshes/default')));
      return meshes.every((mesh) => mesh?.mtls);
    });
  });

  it('runs the ingress dataplane with its dataplane token', async () => {
    const applied = await machines['zone-1'].shell(ingressDataplane('{}'));
    expect(applied.stderr).toContain('"type":"ZoneIngress"');
    expect(applied.stderr).toContain('other zones cannot reach this ingress');
    await machines['zone-1'].shell('kumactl generate dataplane-token --dataplane=ingress-01 > /tmp/cluster1-ingress-token');
    machines['zone-1'].start(
      'ingress',
      'kuma-dp run --name=ingress-01 --cp-address=http://localhost:15681 --dataplane-token-file=/tmp/cluster1-ingress-token --log-level=debug',
    );
    await soon('the ingress online', async () =>
      /ingress-01.*Online/.test((await machines['zone-1'].shell('kumactl inspect zoneingresses')).stdout),
    );
  });

  it('tells a proxy that was given the port of the API which port to take', async () => {
    const attempt = await machines['zone-1'].attempt(
      `kuma-dp run --name=ingress-01 --cp-address=${apiOf('zone-1').url} --dataplane-token-file=/tmp/cluster1-ingress-token`,
    );
    expect(attempt.code).not.toBe(0);
    expect(attempt.stderr).toContain('is not a data plane server');
    expect(attempt.stderr).toContain('KUMA_BOOTSTRAP_SERVER_PORT');
  });

  it('keeps the token of one ingress from being used for another', async () => {
    await machines['zone-2'].shell(ingressDataplane('{}'));
    await machines['zone-2'].shell('kumactl generate dataplane-token --dataplane=ingress-02 > /tmp/foreign-token');
    const run = machines['zone-2'].start(
      'foreign',
      'kuma-dp run --name=ingress-01 --cp-address=http://localhost:15681 --dataplane-token-file=/tmp/foreign-token --log-level=debug',
    );
    const cp = deployment.group.find('zone-2.kuma-cp');
    await soon('the refusal', async () => cp?.tail(200).includes('ingress-02'));
    expect((await machines['zone-2'].shell('kumactl inspect zoneingresses')).stdout).not.toContain('Online');
    await run.stop('SIGKILL');
  });

  it('reaches the service of the other zone at http://localhost:20012, once the ingress says where it is', async () => {
    deployment.launchEcho({ name: 'echo-server', zone: 'zone-1', address: '127.0.0.1', port: app });
    await startProxy(
      'zone-1',
      `type: Dataplane
mesh: default
name: backend-02 
networking:
  address: 127.0.0.1
  inbound:
  - port: 2010
    servicePort: 1010
    tags:
      service: ${SERVICE}
      version: "2"`.replaceAll('"', '\\"'),
    );
    // The manual prints the outbound alone; who calls with mTLS needs a service to be, and so an inbound.
    const client = await choosePort(0);
    await startProxy(
      'zone-2',
      `type: Dataplane
mesh: default
name: backend-02 
networking:
  address: 127.0.0.1
  inbound:
  - port: ${client}
    tags:
      service: client
  outbound:
  - port: 20012
    tags:
      service: ${SERVICE}
      version: "2"`.replaceAll('"', '\\"'),
    );
    await machines['zone-1'].shell(ingressDataplane(`{publicAddress: 127.0.0.1, publicPort: ${ingress}}`));
    const { echo } = await soon('an answer of zone-1', async () => {
      const result = await probe({ host: '127.0.0.1', port: outbound, timeoutMs: 2000 });
      return result.status === 200 && result;
    });
    expect(echo?.zone).toBe('zone-1');
  });
});
