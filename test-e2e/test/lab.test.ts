import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { envoyPath, LAB_MAIN, userEnv } from './config.js';

const run = promisify(execFile);
let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mesh-e2e-lab-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs the lab; where it fails, the error says what it printed. */
async function lab(env: Record<string, string>): Promise<string> {
  try {
    return (await run(process.execPath, [LAB_MAIN, '--once'], { env: userEnv(env), timeout: 110_000 })).stdout;
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    throw new Error(`the lab ended with ${String(code)}:\n${stdout}${stderr}`);
  }
}

describe('npm run lab', () => {
  it('proves every claim with --once, exits 0 and leaves nothing behind', async () => {
    const stdout = await lab({ ENVOY_PATH: envoyPath(), TMPDIR: scratch, HOME: scratch });
    expect(stdout).toContain('web -> backend is answered by both zones in turn');
    expect(stdout).toContain('spiffe://default/web -> spiffe://default/billing');
    expect(stdout).toMatch(/sends all of web -> backend to zone-2: \d+ ms/);
    expect(stdout).toMatch(/stops web -> billing: \d+ ms/);
    expect(stdout).toMatch(/restores web -> billing: \d+ ms/);
    expect(readdirSync(scratch).filter((name) => name.startsWith('mesh-lab-'))).toEqual([]);
  });

  it('exits 1 with the reason where it cannot run', async () => {
    await expect(lab({})).rejects.toThrow(/ended with 1:\n.*ENVOY_PATH is not set/);
  });
});
