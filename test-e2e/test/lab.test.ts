import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { envoyPath, LAB_MAIN, userEnv } from './config.js';

const run = promisify(execFile);

describe('npm run lab', () => {
  it('proves every claim with --once, exits 0 and leaves nothing behind', async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'mesh-e2e-lab-'));
    const { stdout } = await run(process.execPath, [LAB_MAIN, '--once'], {
      env: userEnv({ ENVOY_PATH: envoyPath(), TMPDIR: scratch, HOME: scratch }),
      timeout: 110_000,
    });
    expect(stdout).toContain('web -> backend is answered by both zones in turn');
    expect(stdout).toContain('spiffe://default/web -> spiffe://default/billing');
    expect(stdout).toMatch(/sends all of web -> backend to zone-2: \d+ ms/);
    expect(stdout).toMatch(/stops web -> billing: \d+ ms/);
    expect(stdout).toMatch(/restores web -> billing: \d+ ms/);
    expect(readdirSync(scratch).filter((name) => name.startsWith('mesh-lab-'))).toEqual([]);
    rmSync(scratch, { recursive: true, force: true });
  });

  it('exits 1 with the reason where it cannot run', async () => {
    const failed = run(process.execPath, [LAB_MAIN, '--once'], { env: userEnv({}) });
    await expect(failed).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('ENVOY_PATH is not set') });
  });
});
