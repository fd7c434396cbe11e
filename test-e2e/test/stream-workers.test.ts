import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Deployment, type ManagedProcess } from '@mesh/lab-kit';
import { expect, it } from 'vitest';
import { BIN_DIR, userEnv } from './config.js';
import { makeWorkDir } from './work-dir.js';

const run = promisify(execFile);
const workers = { KUMA_DP_SERVER_WORKERS_COUNT: '2', KUMA_DP_SERVER_WORKERS_CONNECTIONS_EACH: '0' };

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

function isAlive(pid: number): boolean {
  try {
    // One that has ended and was not collected by anybody yet does not count.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Values of a metric, of each of its series. */
async function valuesOf(controlPlane: ManagedProcess, metric: string): Promise<number[]> {
  const response = await fetch(`http://127.0.0.1:${controlPlane.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT']}/metrics`);
  return [...(await response.text()).matchAll(new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, value]) => Number(value));
}

it('a worker that is killed while a fleet joins costs no proxy anything but a new connection, and none outlives its control plane', async () => {
  const workDir = makeWorkDir('stream-workers');
  const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: '' });
  try {
    const zone = await deployment.launchControlPlane({ name: 'zone-1', store: { type: 'memory' }, layout: 'single', env: workers });
    await deployment.waitForApi(zone);
    const [controlPlane] = zone.processes as [ManagedProcess];
    const load = ['--dps', '60', '--services', '6', '--rampup-period', '4s', '--endpoint-changes', '6', '--policy-changes', '4'];
    const address = ['--cp-address', `https://127.0.0.1:${zone.ports.dp}`, '--api-address', zone.api.url];
    const fleet = run(join(BIN_DIR, 'kuma-fleet'), [...address, ...load], { env: userEnv({}), timeout: 200_000 }).catch(
      (error: unknown) => {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
        return { stdout: `the fleet found faults:\n${stdout}${stderr}` };
      },
    );
    await deployment.until('streams on both workers', async () => {
      const streams = await valuesOf(controlPlane, 'xds_worker_streams');
      return streams.length === 2 && streams.every((count) => count >= 5);
    });
    const [first, ...others] = childrenOf(controlPlane.pid) as [number, number];
    process.kill(first, 'SIGKILL');
    expect((await fleet).stdout).toContain('every proxy is complete and no rule was broken');
    expect(await valuesOf(controlPlane, 'xds_worker_restarts')).toEqual([1]);
    expect(await valuesOf(controlPlane, 'xds_workers')).toEqual([2]);
    const now = childrenOf(controlPlane.pid);
    expect(now).toHaveLength(2);
    expect(now).toEqual(expect.arrayContaining(others));
    expect(now).not.toContain(first);

    process.kill(controlPlane.pid, 'SIGKILL');
    await expect.poll(() => now.filter(isAlive), { timeout: 20_000 }).toEqual([]);
  } finally {
    await deployment.stop();
    rmSync(workDir, { recursive: true, force: true });
  }
}, 300_000);
