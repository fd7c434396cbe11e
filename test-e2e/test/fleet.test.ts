import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, it } from 'vitest';
import { BENCH_MAIN, userEnv } from './config.js';

const run = promisify(execFile);

describe('a fleet of simulated proxies', () => {
  it.each([
    { xds: 'sotw', only: ['fleet', 'held'] },
    { xds: 'delta', only: ['fleet'] },
  ])(
    'is complete after joins, changes and restarts over $xds, with no rule broken',
    async ({ xds, only }) => {
      // Prints its figures and fails on wrong results only: this machine's speed is nobody's fault.
      const args = [BENCH_MAIN, 'fleet', '--reduced', '--xds', xds, '--only', ...only];
      const { stdout } = await run(process.execPath, args, { env: userEnv({}), timeout: 280_000 }).catch((error: unknown) => {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
        throw new Error(`the bench found faults:\n${stdout}${stderr}`);
      });
      process.stdout.write(stdout);
    },
    300_000,
  );
});
