import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ControlPlaneHandle, Deployment, meshWithMtls } from '@mesh/lab-kit';
import { describe, expect, it } from 'vitest';
import { BENCH_MAIN, BIN_DIR, userEnv } from './config.js';
import { makeWorkDir } from './work-dir.js';

const run = promisify(execFile);

/** What a command prints. @throws Error with all of it where its exit code says that it found faults. */
async function outputOf(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, args, { env: userEnv({}), timeout: 280_000 }).catch((error: unknown) => {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} found faults:\n${stdout}${stderr}`);
  });
  return stdout;
}

describe('a fleet of simulated proxies', () => {
  it.each([
    { xds: 'sotw', only: ['fleet', 'held'] },
    { xds: 'delta', only: ['fleet'] },
  ])(
    'is complete after joins, changes and restarts over $xds, with no rule broken',
    async ({ xds, only }) => {
      // Prints its figures and fails on wrong results only: this machine's speed is nobody's fault.
      process.stdout.write(await outputOf(process.execPath, [BENCH_MAIN, 'fleet', '--reduced', '--xds', xds, '--only', ...only]));
    },
    300_000,
  );

  it('of two zones knows the services of the other zone through its ingress, and takes changes of both', async () => {
    const workDir = makeWorkDir('fleet-zones');
    const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: '' });
    try {
      const launch = (name: string, global?: ControlPlaneHandle) =>
        deployment.launchControlPlane({ name, store: { type: 'memory' }, layout: 'single', ...(global ? { global } : {}) });
      const global = await launch('global');
      await deployment.until('certificate of the global', () => existsSync(join(global.workDir, 'kuma-cp.crt')));
      const zones = [await launch('zone-1', global), await launch('zone-2', global)];
      await deployment.waitForApi(global);
      await deployment.until('mTLS of the mesh', () => global.api.put('/meshes/default', meshWithMtls()));
      for (const { name, api } of zones) {
        await deployment.until(`mTLS in ${name}`, async () => (await api.get<{ mtls?: object }>('/meshes/default'))?.mtls);
      }
      const addresses = zones.flatMap(({ ports, api }) => ['--cp-address', `https://127.0.0.1:${ports.dp}`, '--api-address', api.url]);
      const load = ['--dps', '24', '--services', '4', '--rampup-period', '1s', '--endpoint-changes', '4', '--policy-changes', '2'];
      const args = ['--zones', '2', ...addresses, '--global-api-address', global.api.url, ...load];
      const stdout = await outputOf(join(BIN_DIR, 'kuma-fleet'), args);
      expect(stdout).toContain('24 dataplanes in 2 zones');
      expect(stdout).toContain('every proxy is complete and no rule was broken');
    } finally {
      await deployment.stop();
      rmSync(workDir, { recursive: true, force: true });
    }
  }, 300_000);
});

describe('a fleet of simulated zones', () => {
  it('is sent only what changed, waits for no slow zone, and nothing again when it comes back', async () => {
    process.stdout.write(await outputOf(process.execPath, [BENCH_MAIN, 'kds', '--reduced']));
  }, 300_000);
});
