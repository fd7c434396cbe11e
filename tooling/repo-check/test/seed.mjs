import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The checkout whose rules are seeded against. */
export const checkout = resolve(import.meta.dirname, '../../..');

/** Makes a small workspace out of `{ path: text }` in a directory of its own. */
export function plant(files, copied = []) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'mesh-seed-')));
  for (const path of copied) cpSync(join(checkout, path), join(dir, path), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(dir, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** A manifest as every package has one. */
export function manifest(name, role, more = {}) {
  return JSON.stringify({
    name: `@mesh/${name}`,
    private: true,
    type: 'module',
    description: 'A package.',
    mesh: { role },
    scripts: { build: 'echo', typecheck: 'echo', test: 'echo' },
    ...more,
  });
}

/** Runs one of the checkout's tools in a planted workspace. */
export function runTool(tool, args, cwd) {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const { status, stdout, stderr } = spawnSync(join(checkout, 'node_modules/.bin', tool), args, {
    cwd,
    encoding: 'utf8',
    env,
    maxBuffer: 1 << 26,
  });
  return { status, output: `${stdout}${stderr}`, stdout };
}
