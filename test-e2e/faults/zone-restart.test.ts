import { rmSync } from 'node:fs';
import { Fleet, FleetWrites, fleetToken } from '@mesh/fleet-kit';
import {
  allowAll,
  type ControlPlaneHandle,
  choosePort,
  Deployment,
  type EmbeddedPostgres,
  meshWithMtls,
  startEmbeddedPostgres,
} from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR } from '../test/config.js';
import { makeWorkDir } from '../test/work-dir.js';
import { cpuMs } from './cpu.js';

const DATAPLANES = 200;
const SERVICES = 10;
const RAMPUP_MS = 4_000;
const DEADLINE_MS = 120_000;
const workDir = makeWorkDir('zone-restart');

let postgres: EmbeddedPostgres;
let deployment: Deployment;
let zone: ControlPlaneHandle;
let fleet: Fleet;
let writes: FleetWrites;

/** A zone of its own and nothing beside it: all of the machine is there for the one that starts. */
beforeAll(async () => {
  const database = 'zone1';
  postgres = await startEmbeddedPostgres({
    dataDir: `${workDir}/postgres`,
    temporary: true,
    port: await choosePort(0),
    databases: [database],
  });
  const { host, port, user, password } = postgres;
  deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: '' });
  const store = { type: 'postgres', host, port, user, password, database } as const;
  zone = await deployment.launchControlPlane({ name: 'zone-1', store, layout: 'services' });
  const { api, ports } = zone;
  await deployment.waitForApi(zone);
  await deployment.until('mesh default', async () => (await api.get('/meshes/default')) !== undefined);
  await api.put('/meshes/default', meshWithMtls());
  await api.put('/meshes/default/meshtrafficpermissions/allow-all', allowAll());
  fleet = new Fleet({
    zones: [{ controlPlanes: [{ host: '127.0.0.1', port: ports.dp }] }],
    token: await deployment.until('a dataplane token', () => fleetToken(api.url, 'default')),
    mesh: 'default',
    dataplanes: DATAPLANES,
    services: SERVICES,
    outbounds: 3,
    variant: 'delta',
    streamsPerConnection: 1,
    deadlineMs: DEADLINE_MS,
  });
  writes = new FleetWrites(fleet, { zones: [api.url], policies: api.url });
  expect((await fleet.join(RAMPUP_MS)).late).toEqual([]);
});

afterAll(async () => {
  fleet?.stop();
  await deployment?.stop();
  await postgres?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

/** Starts it as it was started before; resolves when it says that it is ready: its ports are open. */
async function startAgain() {
  const started = await deployment.launchService('zone-cp', 'zone-1', zone.env);
  const port = started.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT'];
  await deployment.until('zone-cp ready', async () => (await fetch(`http://127.0.0.1:${port}/ready`)).ok);
  return started;
}

/**
 * What a user means by a control plane that is back: whatever is written from now on is in effect everywhere. So a policy of the
 * whole mesh is written as soon as the API takes it, and what is printed is when the last proxy has acknowledged it, which none can
 * that is not connected, admitted and given what it lacked.
 */
describe(`a zone control plane with ${DATAPLANES} proxies`, () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('has all of them on a new policy after %s and a start', async (signal) => {
    await deployment.group.find('zone-1.zone-cp')?.stop(signal);
    const startedAt = performance.now();
    const { pid } = await startAgain();
    const readyAt = performance.now();
    const startCpuMs = cpuMs(pid);
    const written = await writes.changePolicy();
    const now = performance.now();
    const currentCpuMs = cpuMs(pid);
    process.stdout.write(
      `  ${signal}: a policy written when zone-cp was ready is acknowledged by all ${DATAPLANES} after ${Math.round(now - readyAt)} ms, ` +
        `${Math.round(now - startedAt)} ms after the start of the process; CPU until ready ${startCpuMs} ms, until then ${currentCpuMs} ms\n`,
    );
    expect(written.late).toEqual([]);
    expect((await fleet.settle()).late).toEqual([]);
    fleet.verify();
    expect(fleet.violations.toJSON()).toEqual({});
  });
});
