import { type Fault, lineOf, Observers, runFault, World } from '@mesh/fault-kit';
import { Fleet, FleetWrites, fleetToken, serviceName } from '@mesh/fleet-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath, isFullRun } from '../test/config.js';
import { cpuMs } from './cpu.js';

const SERVICES = 10;
const DEADLINE_MS = 120_000;
/** So quickly does a fleet come the first time; what is looked at is how it comes back. */
const RAMPUP_MS = 5_000;

describe('many proxies whose control plane starts anew', () => {
  let world: World;
  let observers: Observers;
  let fleet: Fleet | undefined;

  beforeAll(async () => {
    world = await World.start({ binDir: BIN_DIR, envoyPath: envoyPath(), addressBlock: 210, hasDirectDatabases: true });
    observers = new Observers(world);
    observers.start();
  });

  afterAll(async () => {
    fleet?.stop();
    await observers?.stop();
    await world?.stop();
  });

  async function join(dataplanes: number): Promise<Fleet> {
    const { api, ports } = world.lab.zone1;
    const joining = new Fleet({
      zones: [{ controlPlanes: [{ host: '127.0.0.1', port: ports.dp }] }],
      token: await fleetToken(api.url, 'default'),
      mesh: 'default',
      dataplanes,
      services: SERVICES,
      outbounds: 3,
      variant: 'delta',
      streamsPerConnection: 1,
      deadlineMs: DEADLINE_MS,
    });
    fleet = joining;
    expect((await joining.join(RAMPUP_MS)).late).toEqual([]);
    return joining;
  }

  /** Each is back once it has acknowledged what was written after the start: an endpoint of each service it calls. */
  function restarted(joined: Fleet, writes: FleetWrites): Fault {
    return {
      name: `zone1: ${joined.proxies.length} proxies reconnect at once, as zone-cp starts anew`,
      place: 'zone1',
      lastsMs: { sampled: 1_000, full: 5_000 },
      inject: () => world.kill('zone1', 'zone-cp'),
      heal: async () => {
        const startedAt = performance.now();
        await world.startAgain('zone1', 'zone-cp');
        const pid = world.lab.deployment.group.find('zone-1.zone-cp')?.pid ?? 0;
        const readyAt = performance.now();
        const arrivals = [await joined.settle()];
        arrivals.push(
          ...(await Promise.all(Array.from({ length: SERVICES }, (_, service) => writes.changeEndpoint(serviceName(service))))),
        );
        const now = performance.now();
        process.stdout.write(
          `  ${joined.proxies.length} proxies have acknowledged ${Math.round(now - readyAt)} ms after zone-cp was ready, ${Math.round(now - startedAt)} ms after its start; it took ${cpuMs(pid)} ms of CPU\n`,
        );
        expect(arrivals.flatMap(({ late }) => late)).toEqual([]);
      },
    };
  }

  it.each([200, 500])('%i are complete again, and neither traffic nor writes suffer', { timeout: 300_000 }, async (dataplanes) => {
    const joined = await join(dataplanes);
    const { url } = world.lab.zone1.api;
    const writes = new FleetWrites(joined, { zones: [url], policies: url });
    const fault = restarted(joined, writes);
    const report = await runFault(observers, fault, fault.lastsMs[isFullRun() ? 'full' : 'sampled']);
    process.stdout.write(`  ${lineOf(report)}\n`);
    joined.verify();
    joined.stop();
    await writes.undo();
    expect(report.failedRequests).toEqual([]);
    expect(report.findings).toEqual([]);
    expect(joined.violations.toJSON()).toEqual({});
  });
});
