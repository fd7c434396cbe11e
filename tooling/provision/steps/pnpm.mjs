import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from '../lib/exec.mjs';
import { cacheDir, findOnPath, isExecutable, root } from '../lib/paths.mjs';

/** The pnpm version this repository is pinned to. */
export function pinnedPnpmVersion(manifest = readFileSync(join(root, 'package.json'), 'utf8')) {
  const match = /^pnpm@(\d+\.\d+\.\d+)/.exec(JSON.parse(manifest).packageManager ?? '');
  if (!match) throw new Error('package.json: packageManager must be an exact pnpm version');
  return match[1];
}

/** Finds or brings pnpm; returns the directory to put on PATH and a word on where it came from. */
export async function providePnpm(say) {
  const version = pinnedPnpmVersion();
  const home = join(cacheDir, 'pnpm', version);
  const bin = join(home, 'node_modules', '.bin');
  if (isExecutable(join(bin, 'pnpm'))) return { dir: bin, words: `${version} (cache)` };
  const installed = findOnPath('pnpm');
  if (installed && (await run(installed, ['--version'], { cwd: root })).output.trim() === version) {
    return { dir: join(installed, '..'), words: `${version} (PATH)` };
  }
  say(`installing ${version} with npm`);
  const scratch = `${home}.${process.pid}`;
  mkdirSync(scratch, { recursive: true });
  try {
    await mustRun('npm', ['install', '--prefix', scratch, '--no-save', '--no-fund', '--no-audit', `pnpm@${version}`], { cwd: scratch });
    rmSync(home, { recursive: true, force: true });
    renameSync(scratch, home);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { dir: bin, words: `${version} (installed)` };
}
