import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const checkout = resolve(import.meta.dirname, '../../..');
const LEFT_OUT = new Set(['node_modules', 'dist', '.turbo', '.vitest']);

/** A copy of the sources of this checkout's packages, with the installed libraries linked in. */
export function copyOfPackages() {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'mesh-gen-')));
  for (const part of ['packages', 'tooling/tsconfig', 'tooling/vitest']) {
    cpSync(join(checkout, part), join(dir, part), { recursive: true, filter: (path) => !LEFT_OUT.has(path.split('/').at(-1)) });
  }
  for (const name of readdirSync(join(dir, 'packages'))) linkLibraries(join(checkout, 'packages', name), join(dir, 'packages', name));
  for (const file of ['biome.json', '.gitignore']) cpSync(join(checkout, file), join(dir, file));
  mkdirSync(join(dir, 'apps'));
  symlinkSync(join(checkout, 'node_modules'), join(dir, 'node_modules'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Gives `target` the libraries that `source` has installed; workspace packages come from the copy. */
function linkLibraries(source, target) {
  const libraries = join(source, 'node_modules');
  cpSync(libraries, join(target, 'node_modules'), { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.vite') });
}

/** Installs what the manifest of an app of the copy names: packages of the copy, and libraries that `packages/runtime` has. */
export function installApp(dir, app) {
  const { dependencies } = JSON.parse(readFileSync(join(dir, 'apps', app, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const link = join(dir, 'apps', app, 'node_modules', name);
    const [, own] = /^@mesh\/(.+)$/.exec(name) ?? [];
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(own ? join(dir, 'packages', own) : realpathSync(join(checkout, 'packages/runtime/node_modules', name)), link);
  }
}

/** Compiler errors in files of `folder` of the copied package `pkg`, taking every package from its sources. */
export function typeErrors(dir, pkg, folder) {
  const args = ['-p', 'tsconfig.json', '--noEmit', '--customConditions', 'source'];
  const { stdout } = spawnSync(join(checkout, 'node_modules/.bin/tsc'), args, { cwd: join(dir, pkg), encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.startsWith(folder));
}

/** Runs tests of the copied package `pkg`, as vitest's arguments choose; returns how many passed, and what went wrong where something did. */
export function runTests(dir, pkg, ...args) {
  const env = { ...process.env, NO_COLOR: '1', VITEST: undefined, VITEST_POOL_ID: undefined, VITEST_WORKER_ID: undefined };
  const result = tool('vitest', ['run', ...args], { cwd: join(dir, pkg), env });
  const passed = Number(/Tests\s+(\d+) passed/.exec(result.output)?.[1] ?? 0);
  return { passed, fault: result.status === 0 ? '' : result.output };
}

/** What the formatter and linter find in the given paths of the copy; empty where all is well. */
export function lintFaults(dir, paths) {
  const { status, output } = tool('biome', ['ci', '--colors=off', '--error-on-warnings', ...paths], { cwd: dir });
  return status === 0 ? '' : output;
}

function tool(name, args, options) {
  const { status, stdout, stderr } = spawnSync(join(checkout, 'node_modules/.bin', name), args, { ...options, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}
