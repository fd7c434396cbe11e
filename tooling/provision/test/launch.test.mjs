import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tooLittleMemory } from '../launch.mjs';
import { root } from '../lib/paths.mjs';

let dir;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'mesh-bin-')));
  for (const path of ['bin', 'tooling/provision/launch.mjs', 'package.json'])
    cpSync(join(root, path), join(dir, path), { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function buildFake(app) {
  mkdirSync(join(dir, 'apps', app, 'dist'), { recursive: true });
  writeFileSync(
    join(dir, 'apps', app, 'dist/main.js'),
    'console.log(JSON.stringify(process.argv.slice(1).concat(process.cwd())));process.exitCode = 7;\n',
  );
}

test.each(readdirSync(join(root, 'bin')))('bin/%s runs its app, passes arguments on and keeps the exit code', (app) => {
  buildFake(app);
  const { stdout, status } = spawnSync(join(dir, 'bin', app), ['run', '--x=1'], { cwd: dir, encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual([join(dir, 'apps', app, 'dist/main.js'), 'run', '--x=1', dir]);
  expect(status).toBe(7);
});

test('an executable works through a symlink and from any directory', () => {
  buildFake('kumactl');
  const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'mesh-bin-')));
  symlinkSync(join(dir, 'bin/kumactl'), join(elsewhere, 'kumactl'));
  const { stdout } = spawnSync(join(elsewhere, 'kumactl'), ['version'], { cwd: elsewhere, encoding: 'utf8' });
  rmSync(elsewhere, { recursive: true });
  expect(JSON.parse(stdout)).toEqual([join(dir, 'apps/kumactl/dist/main.js'), 'version', elsewhere]);
});

test('an app that was not built says how to build it', () => {
  const { stderr, status } = spawnSync(join(dir, 'bin/kuma-cp'), ['run'], { encoding: 'utf8' });
  expect(stderr).toContain('run npm run build first');
  expect(status).toBe(1);
});

test.each([
  ['zone-cp', [], [0, null]],
  ['kuma-cp', ['run'], [0, null]],
  ['kuma-cp', ['migrate', 'up'], [null, 'SIGTERM']],
])('bin/%s %j told to stop before its program is loaded ends with %j', async (app, args, ending) => {
  mkdirSync(join(dir, 'apps', app, 'dist'), { recursive: true });
  writeFileSync(join(dir, 'apps', app, 'dist/main.js'), 'console.log("loading");setInterval(() => {}, 1000);\n');
  const child = spawn(join(dir, 'bin', app), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await ended).toEqual(ending);
});

test('a program that takes over the signals is left to stop by itself', async () => {
  mkdirSync(join(dir, 'apps/zone-cp/dist'), { recursive: true });
  writeFileSync(
    join(dir, 'apps/zone-cp/dist/main.js'),
    'process.on("SIGTERM", () => setTimeout(() => process.exit(7), 50));console.log("up");setInterval(() => {}, 1000);\n',
  );
  const child = spawn(join(dir, 'bin/zone-cp'), { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await ended).toEqual([7, null]);
});

test('a limit of memory that is too low to live with is told with both figures and what to do', () => {
  const MIB = 1024 * 1024;
  expect(tooLittleMemory(64 * MIB)).toBe(`the limit of memory is 64 MiB, and a service needs 96 MiB or more
  raise the limit of the container (mem_limit, docker run --memory, resources.limits.memory)`);
  for (const enough of [undefined, 0, 96 * MIB, 2 ** 63]) expect(tooLittleMemory(enough)).toBeUndefined();
});
