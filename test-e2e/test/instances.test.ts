import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  ApiClient,
  allowAll,
  Balancer,
  type ControlPlaneHandle,
  Deployment,
  type EmbeddedPostgres,
  type ManagedProcess,
  meshWithMtls,
  probe,
  startEmbeddedPostgres,
  until,
} from '@mesh/lab-kit';
import { RedisServer } from '@mesh/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { timeoutForNobody } from './policies.js';
import { makeWorkDir } from './work-dir.js';

const ADDRESS = '127.236.1.1';
const OUTBOUND = { host: ADDRESS, port: 20_001 };
const soon = <T>(what: string, check: () => Promise<T | undefined | false> | T | undefined | false, deadlineMs = 40_000) =>
  until({ what, deadlineMs, intervalMs: 25 }, check);

/** One of the instances of a control plane, and what starts it again. */
interface Instance {
  readonly handle: ControlPlaneHandle;
  process: ManagedProcess;
}

const workDir = makeWorkDir('instances');
let deployment: Deployment;
let postgres: EmbeddedPostgres;
let redis: RedisServer;
const balancers: Record<'kds' | 'globalApi' | 'dp' | 'zoneApi', Balancer> = {} as never;
let globals: Instance[];
let zones: Instance[];
let globalApi: ApiClient;
let zoneApi: ApiClient;

async function launch(name: 'global' | 'zone-1', global?: ControlPlaneHandle): Promise<Instance> {
  const { host, port, user, password } = postgres;
  const handle = await deployment.launchControlPlane({
    name,
    store: { type: 'postgres', host, port, user, password, database: name === 'global' ? 'global' : 'zone1' },
    layout: 'single',
    env: {
      KUMA_REDIS_URL: redis.url,
      KUMA_DNS_SERVER_CIDR: '127.236.128.0/18',
      KUMA_DNS_SERVER_SERVICE_VIP_PORT: '8080',
      // A proxy that was told of an instance would be bound to it.
      KUMA_BOOTSTRAP_SERVER_PARAMS_XDS_PORT: String(balancers.dp.port),
    },
    ...(global ? { global: { ...global, ports: { ...global.ports, kds: balancers.kds.port } } } : {}),
  });
  await soon(`API of ${name}`, async () => (await handle.api.get('/meshes')) !== undefined, 60_000);
  return { handle, process: handle.processes[0] as ManagedProcess };
}

async function again(instance: Instance): Promise<void> {
  instance.process = await deployment.launchService('kuma-cp', instance.handle.name, instance.handle.env);
}

async function metric({ process }: Instance, name: string): Promise<number | undefined> {
  const port = process.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT'];
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(1_000) });
  const [, value] = new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'm').exec(await response.text()) ?? [];
  return value === undefined ? undefined : Number(value);
}

const leads = async (instance: Instance): Promise<boolean> => (await metric(instance, 'leader')) === 1;
/** Whether both proxies have found this instance, by the one address they know. */
const servesAll = async (instance: Instance): Promise<boolean> => (await metric(instance, 'xds_streams_active')) === 2;

async function leaderOf(instances: readonly Instance[]): Promise<Instance> {
  return soon('a leader', async () => {
    for (const instance of instances) if (await leads(instance).catch(() => false)) return instance;
    return undefined;
  });
}

const mesh = (name: string) => ({ type: 'Mesh', name, labels: { made: name } });
const other = (instances: readonly Instance[], one: Instance): Instance => instances.find((each) => each !== one) as Instance;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** A request to backend through web's sidecar every 50 ms; what fails is told. */
function watchTraffic(): { stop(): Promise<string[]> } {
  const failures: string[] = [];
  let going = true;
  const run = (async () => {
    while (going) {
      const failed = await probe({ ...OUTBOUND, timeoutMs: 4_000 }).then(
        ({ status }) => (status === 200 ? undefined : `status ${status}`),
        (error: Error) => error.message,
      );
      if (failed) failures.push(failed);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    stop: async () => {
      going = false;
      await run;
      return failures;
    },
  };
}

/** Writes one resource after the other through a balancer, and notes what was acknowledged. */
function watchWrites(which: 'zone' | 'global') {
  const api = which === 'zone' ? zoneApi : globalApi;
  const acknowledged: string[] = [];
  const pathOf = (name: string): string => `/meshes/default/meshtimeouts/${name}`;
  const document = (name: string) => ({ ...timeoutForNobody(name), ...(which === 'global' ? { labels: {} } : {}) });
  let going = true;
  const run = (async () => {
    for (let i = 0; going; i++) {
      const name = `${which}-${i}`;
      const isDone = await api.put(pathOf(name), document(name)).then(
        () => true,
        () => false, // the connection it was made on has ended: whoever gets no answer asks again
      );
      if (isDone) acknowledged.push(name);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    acknowledged,
    pathOf,
    stop: async () => {
      going = false;
      await run;
    },
  };
}

/** Asks an instance whether it takes work, as a balancer does, until it is gone; one that does not answer takes none. */
function watchReady({ process }: Instance) {
  const port = process.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT'];
  const seen: boolean[] = [];
  let going = true;
  const run = (async () => {
    while (going) {
      seen.push(
        await fetch(`http://127.0.0.1:${port}/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    seen,
    stop: async () => {
      going = false;
      await run;
    },
  };
}

const logSize = ({ process }: Instance): number => readFileSync(process.logFile).length;
/** What it has logged since its file had that size. */
const logFrom = ({ process }: Instance, offset: number): string => readFileSync(process.logFile).subarray(offset).toString();

beforeAll(async () => {
  deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
  [postgres, redis] = await Promise.all([
    startEmbeddedPostgres({ dataDir: join(workDir, 'postgres'), temporary: true, databases: ['global', 'zone1'] }),
    RedisServer.start(),
  ]);
  for (const name of ['kds', 'globalApi', 'dp', 'zoneApi'] as const) balancers[name] = await Balancer.start();
  const first = await launch('global');
  globals = [first, await launch('global')];
  balancers.kds.targets = globals.map(({ handle }) => handle.ports.kds);
  balancers.globalApi.targets = globals.map(({ handle }) => handle.ports.api);
  globalApi = new ApiClient(`http://127.0.0.1:${balancers.globalApi.port}`);
  const zone = await launch('zone-1', first.handle);
  zones = [zone, await launch('zone-1', first.handle)];
  balancers.dp.targets = zones.map(({ handle }) => handle.ports.dp);
  balancers.zoneApi.targets = zones.map(({ handle }) => handle.ports.api);
  zoneApi = new ApiClient(`http://127.0.0.1:${balancers.zoneApi.port}`);
  await soon('the certificate of the global', () => existsSync(join(first.handle.workDir, 'kuma-cp.crt')));
  await globalApi.put('/meshes/default', meshWithMtls());
  await globalApi.put('/meshes/default/meshtrafficpermissions/allow-all', allowAll());
  await soon('the mesh in the zone', async () => (await zoneApi.get<{ mtls?: object }>('/meshes/default'))?.mtls);
  const behind: ControlPlaneHandle = { ...zone.handle, api: zoneApi, ports: { ...zone.handle.ports, dp: balancers.dp.port } };
  const inbound = (service: string, port: number) => [
    { port, servicePort: port + 1000, tags: { 'kuma.io/service': service, 'kuma.io/protocol': 'http' } },
  ];
  deployment.launchEcho({ name: 'backend-1', zone: 'zone-1', address: '127.236.1.2', port: 11_080 });
  await deployment.launchDataplane({
    zone: behind,
    document: {
      type: 'Dataplane',
      mesh: 'default',
      name: 'backend-1',
      networking: { address: '127.236.1.2', inbound: inbound('backend', 10_080) },
    },
  });
  await deployment.launchDataplane({
    zone: behind,
    document: {
      type: 'Dataplane',
      mesh: 'default',
      name: 'web-1',
      networking: {
        address: ADDRESS,
        inbound: inbound('web', 10_080),
        outbound: [{ address: ADDRESS, port: OUTBOUND.port, tags: { 'kuma.io/service': 'backend' } }],
      },
    },
  });
  await soon('an answer to web -> backend', async () => (await probe(OUTBOUND)).status === 200, 60_000);
}, 240_000);

afterAll(async () => {
  for (const { process } of [...(globals ?? []), ...(zones ?? [])]) if (process.running) process.signal('SIGCONT');
  await deployment?.stop();
  for (const balancer of Object.values(balancers)) balancer.stop();
  await Promise.all([postgres?.stop(), redis?.kill()]);
  rmSync(workDir, { recursive: true, force: true });
}, 60_000);

describe('two instances of a global and of a zone behind load balancers without sticky sessions', () => {
  it('take writes, show them, and bring them to the proxies, on any instance', async () => {
    const response = await globalApi.put('/meshes/any', mesh('any'));
    const revision = response.headers.get('kuma-revision');
    for (const { handle } of [...globals, ...zones]) await soon(`the mesh at ${handle.name}`, () => handle.api.get('/meshes/any'));
    for (const { handle } of globals) {
      const { state } = (await handle.api.get<{ state: string }>(`/convergence?revision=${revision}&timeout=20s`)) ?? {};
      expect(state).toBe('converged');
    }
  });

  it('show what a proxy has, whichever instance is asked and whichever the proxy is connected to', async () => {
    const all = await soon('two dataplanes at the global', async () => {
      const list = await globalApi.get<{ items: { name: string }[] }>('/meshes/default/dataplanes');
      return list?.items.length === 2 && list.items;
    });
    for (const { handle } of globals) {
      for (const { name } of all) {
        await soon(`configuration of ${name}`, async () =>
          JSON.stringify(await handle.api.get(`/meshes/default/dataplanes/${name}/xds`)).includes('listener'),
        );
      }
    }
    for (const { handle } of zones) {
      for (const name of ['web-1', 'backend-1']) {
        expect(JSON.stringify(await handle.api.get(`/meshes/default/dataplanes/${name}/xds`))).toContain('listener');
      }
    }
  });

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    'replace a leader of the zone that gets %s, without harm to anybody',
    async (signal) => {
      const traffic = watchTraffic();
      const leader = await leaderOf(zones);
      const follower = other(zones, leader);
      balancers.zoneApi.targets = [follower.handle.ports.api];
      balancers.dp.targets = [follower.handle.ports.dp];
      const startedAt = performance.now();
      if (signal === 'SIGSTOP') leader.process.signal('SIGSTOP');
      else await leader.process.kill();
      const name = `during-${signal.toLowerCase()}`;
      await globalApi.put(`/meshes/${name}`, mesh(name));
      await soon('the change in the zone', () => follower.handle.api.get(`/meshes/${name}`));
      const propagatedMs = performance.now() - startedAt;
      await soon('a new leader', () => leads(follower));
      say(
        `${signal} of a zone's leader: a change of the global in the zone after ${Math.round(propagatedMs)} ms, a new leader after at most ${Math.round(performance.now() - startedAt)} ms`,
      );
      if (signal === 'SIGKILL') await soon('all proxies at the instance that lives', () => servesAll(follower));
      if (signal === 'SIGSTOP') leader.process.signal('SIGCONT');
      else await again(leader);
      await soon('the former leader to follow', async () => !(await leads(leader)) && (await leads(follower)));
      const after = `after-${signal.toLowerCase()}`;
      await globalApi.put(`/meshes/${after}`, mesh(after));
      for (const { handle } of zones) await soon(`the next change at both`, () => handle.api.get(`/meshes/${after}`));
      for (const { handle } of globals) {
        const list = await handle.api.get<{ items: { labels?: Record<string, string> }[] }>('/meshes/default/dataplanes');
        expect(list?.items.map(({ labels }) => labels?.['kuma.io/display-name']).sort()).toEqual(['backend-1', 'web-1']);
      }
      balancers.zoneApi.targets = zones.map(({ handle }) => handle.ports.api);
      balancers.dp.targets = zones.map(({ handle }) => handle.ports.dp);
      expect(await traffic.stop()).toEqual([]);
    },
    120_000,
  );

  it.each(['zone', 'global'] as const)(
    'let the leader of a %s go on SIGTERM: it takes no more work, hands over at once, loses no write, and ends with 0',
    async (which) => {
      const instances = which === 'zone' ? zones : globals;
      const traffic = watchTraffic();
      const leader = await leaderOf(instances);
      const follower = other(instances, leader);
      const writes = watchWrites(which);
      await soon('the first writes', () => writes.acknowledged.length > 5);
      const ready = watchReady(leader);
      await soon('an instance that is ready', () => ready.seen.includes(true));
      const logged = logSize(follower);
      const startedAt = performance.now();
      const ended = leader.process.stop('SIGTERM');
      await soon('a new leader', () => leads(follower));
      const leadingMs = Math.round(performance.now() - startedAt);
      await ended;
      const endedMs = Math.round(performance.now() - startedAt);
      expect(leader.process.ending).toBe('exit code 0');
      await ready.stop();
      // Once it does not take work any more it never says again that it does.
      expect(ready.seen.join(' ')).toMatch(/^true( true)*( false)+$/);
      if (which === 'zone') await soon('all proxies at the instance that goes on', () => servesAll(follower));
      const from = writes.acknowledged.length;
      await soon('writes at the other instance', () => writes.acknowledged.length > from + 5);
      await writes.stop();
      const api = follower.handle.api;
      for (const name of writes.acknowledged) expect(await api.get(writes.pathOf(name)), name).toBeDefined();
      const told = logFrom(follower, logged);
      expect(told).toContain('"msg":"leading"');
      expect(told).not.toContain('took over'); // it was handed over
      say(
        `SIGTERM of a ${which}'s leader: a new leader after ${leadingMs} ms, its end after ${endedMs} ms, ${writes.acknowledged.length} writes kept`,
      );
      await again(leader);
      await soon('the former leader to follow', async () => (await leads(follower)) && !(await leads(leader)));
      expect(await traffic.stop()).toEqual([]);
    },
    120_000,
  );
});
