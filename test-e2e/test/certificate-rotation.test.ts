import { rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type PeerCertificate } from 'node:tls';
import { type ManagedProcess, type ProbeTarget, type ServiceInstance, startTwoZones, type TwoZones, until } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { makeWorkDir } from './work-dir.js';

const workDir = makeWorkDir('rotation');
const ROTATIONS = 3;
const RESPONSES = /^xds_responses_sent\{[^}]*\.(\w+)"[^}]*\} (\d+)$/gm;
let lab: TwoZones;

beforeAll(async () => {
  lab = await startTwoZones({
    binDir: BIN_DIR,
    workDir,
    envoyPath: envoyPath(),
    addressBlock: 231,
    store: 'postgres',
    layout: 'single',
  });
});

afterAll(async () => {
  await lab?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

interface Recorded {
  readonly certificateRegenerations?: number;
  readonly certificateExpirationTime?: string;
}

/** What zone-1 has on record of the certificate of a proxy. */
async function recorded(name: string): Promise<Recorded | undefined> {
  const overview = await lab.zone1.api.get<{ dataplaneInsight?: { mTLS?: Recorded } }>(`/meshes/default/dataplanes/${name}/_overview`);
  return overview?.dataplaneInsight?.mTLS;
}

async function regenerations(name: string): Promise<number> {
  return (await recorded(name))?.certificateRegenerations ?? 0;
}

/** Lets certificates live so long from now on; every proxy is given a new one. */
async function putMesh(expiration: string): Promise<void> {
  const backend = { name: 'ca-1', type: 'builtin', dpCert: { rotation: { expiration } } };
  await lab.global.api.put('/meshes/default', { type: 'Mesh', name: 'default', mtls: { enabledBackend: 'ca-1', backends: [backend] } });
}

/** What an inbound shows to whoever opens a connection. */
function certificateOf({ address: host, inboundPort: port }: ServiceInstance): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ALPNProtocols: ['kuma'], rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

/** Responses of each type that the control plane of zone-1 has sent since its start. */
async function responses(controlPlane: ManagedProcess): Promise<Record<string, number>> {
  const metrics = await (await fetch(`http://127.0.0.1:${controlPlane.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT']}/metrics`)).text();
  const sent: Record<string, number> = {};
  for (const [, type = '', count] of metrics.matchAll(RESPONSES)) sent[type] = (sent[type] ?? 0) + Number(count);
  return sent;
}

/** Requests one after the other on kept connections, as an application's client would. */
function load(target: ProbeTarget, agent: Agent, stop: AbortSignal): Promise<{ good: number; bad: string[] }> {
  const outcome = { good: 0, bad: [] as string[] };
  const next = (): Promise<void> =>
    new Promise<void>((resolve) => {
      const sent = request({ host: target.host, port: target.port, path: '/', agent }, (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) outcome.good++;
          else outcome.bad.push(`status ${response.statusCode}`);
          resolve();
        });
      });
      sent.on('error', (error) => {
        outcome.bad.push(error.message);
        resolve();
      });
      sent.end();
    }).then(() => (stop.aborted ? undefined : next()));
  return next().then(() => outcome);
}

describe('certificate rotation', () => {
  it('replaces the certificates of both ends several times under load without one failed request', async () => {
    const { backendFromWeb } = lab;
    const seen = new Set<string>();
    await until({ what: 'both zones answering', deadlineMs: 30_000 }, async () => {
      const response = await fetch(`http://${backendFromWeb.host}:${backendFromWeb.port}/`);
      seen.add(response.headers.get('x-echo-zone') ?? '');
      return response.ok && seen.has('zone-1') && seen.has('zone-2');
    });
    const before = { web: await regenerations('web-1'), backend: await regenerations('backend-1') };
    const stop = new AbortController();
    const agent = new Agent({ keepAlive: true });
    const running = [
      load(backendFromWeb, agent, stop.signal),
      load(backendFromWeb, agent, stop.signal),
      load(backendFromWeb, agent, stop.signal),
    ];
    await putMesh('10s');
    await until(
      { what: `${ROTATIONS} rotations of both ends`, deadlineMs: 100_000, intervalMs: 200 },
      async () =>
        (await regenerations('web-1')) >= before.web + ROTATIONS && (await regenerations('backend-1')) >= before.backend + ROTATIONS,
    );
    stop.abort();
    const outcomes = await Promise.all(running);
    agent.destroy();
    expect(outcomes.flatMap((outcome) => outcome.bad)).toEqual([]);
    expect(outcomes.reduce((total, outcome) => total + outcome.good, 0)).toBeGreaterThan(100);
  });

  it('leaves each proxy its certificate over a restart of its control plane, and replaces it before it ends', async () => {
    const { backendFromWeb, deployment, global, instances, zone1 } = lab;
    await putMesh('40s');
    await until({ what: 'certificates that live longer, and are recorded', deadlineMs: 30_000 }, async () => {
      const ends = await Promise.all(
        ['web-1', 'backend-1'].map(async (name) => Date.parse((await recorded(name))?.certificateExpirationTime ?? '')),
      );
      return ends.every((end) => end > Date.now() + 20_000);
    });
    const own = await certificateOf(instances.backend1);
    const stop = new AbortController();
    const agent = new Agent({ keepAlive: true });
    const running = load(backendFromWeb, agent, stop.signal);
    await deployment.group.find('zone-1.kuma-cp')?.stop('SIGKILL');
    const restarted = await deployment.launchService('kuma-cp', 'zone-1', zone1.env);
    await deployment.waitForApi(zone1);
    const spec = { targetRef: { kind: 'Mesh' }, to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '7s' } }] };
    await global.api.put('/meshes/default/meshtimeouts/after', { type: 'MeshTimeout', mesh: 'default', name: 'after', spec });
    await deployment.until('clusters for web, which calls', async () => ((await responses(restarted))['Cluster'] ?? 0) > 0);
    expect((await responses(restarted))['Secret'] ?? 0).toBe(0);
    expect((await certificateOf(instances.backend1)).serialNumber).toBe(own.serialNumber);
    await until(
      { what: 'another certificate', deadlineMs: 60_000, intervalMs: 100 },
      async () => (await certificateOf(instances.backend1)).serialNumber !== own.serialNumber,
    );
    expect(Date.now()).toBeLessThan(Date.parse(own.valid_to));
    stop.abort();
    const outcome = await running;
    agent.destroy();
    expect(outcome.bad).toEqual([]);
    expect(outcome.good).toBeGreaterThan(100);
  });
});
