import { rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { type ProbeTarget, startTwoZones, type TwoZones, until } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { makeWorkDir } from './work-dir.js';

const workDir = makeWorkDir('rotation');
const ROTATIONS = 3;
let lab: TwoZones;

beforeAll(async () => {
  lab = await startTwoZones({
    binDir: BIN_DIR,
    workDir,
    envoyPath: envoyPath(),
    addressBlock: 231,
    store: 'memory',
    layout: 'single',
  });
});

afterAll(async () => {
  await lab?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

interface Overview {
  readonly dataplaneInsight?: { readonly mTLS?: { readonly certificateRegenerations?: number } };
}

async function regenerations(name: string): Promise<number> {
  const overview = await lab.zone1.api.get<Overview>(`/meshes/default/dataplanes/${name}/_overview`);
  return overview?.dataplaneInsight?.mTLS?.certificateRegenerations ?? 0;
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
    const { backendFromWeb, global } = lab;
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
    await global.api.put('/meshes/default', {
      type: 'Mesh',
      name: 'default',
      mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin', dpCert: { rotation: { expiration: '10s' } } }] },
    });
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
});
