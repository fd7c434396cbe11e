import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../lib/exec.mjs';
import { root } from '../lib/paths.mjs';
import { hashFiles, isStamped, stamp } from '../lib/stamp.mjs';

const WORKSPACE_FOLDERS = ['apps', 'packages', 'tooling'];

/** Every file whose change asks for another install. */
export function manifests(top = root) {
  const nested = WORKSPACE_FOLDERS.flatMap((folder) => {
    const dir = join(top, folder);
    return existsSync(dir) ? readdirSync(dir).map((name) => join(dir, name, 'package.json')) : [];
  });
  const fixed = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', 'test-e2e/package.json', 'bench/package.json'];
  return [...fixed.map((file) => join(top, file)), ...nested].filter(existsSync).sort();
}

/** Installs exactly what the lockfile says, where it or a manifest changed since the last time. */
export async function provideDependencies(env, say) {
  const value = `${process.version} ${process.platform}-${process.arch} ${hashFiles(manifests())}`;
  if (existsSync(join(root, 'node_modules', '.modules.yaml')) && isStamped('install', value)) return 'unchanged';
  say('installing from the lockfile');
  await mustRun('pnpm', ['install', '--frozen-lockfile'], { cwd: root, env });
  stamp('install', value);
  return 'installed';
}
