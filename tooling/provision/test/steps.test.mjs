import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../lib/exec.mjs';
import { findOnPath } from '../lib/paths.mjs';
import { Progress } from '../lib/progress.mjs';
import { hashFiles, isStamped, stamp } from '../lib/stamp.mjs';
import { summaryOfTurbo } from '../provision.mjs';
import { manifests } from '../steps/dependencies.mjs';
import { isRecentEnough, parseEnvoyVersion } from '../steps/envoy.mjs';
import { provideNode } from '../steps/node.mjs';
import { pinnedPnpmVersion } from '../steps/pnpm.mjs';
import { findSystemPostgres } from '../steps/postgres.mjs';

let dir;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mesh-provision-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('pnpm is pinned to an exact version', () => {
  expect(pinnedPnpmVersion('{"packageManager":"pnpm@12.21.0"}')).toBe('12.21.0');
  expect(() => pinnedPnpmVersion('{"packageManager":"pnpm@12"}')).toThrow('exact pnpm version');
});

test('a Node that is too old is refused, and newer ones are taken', () => {
  expect(() => provideNode('20.18.9')).toThrow('Node 20.19 or newer is needed; this is 20.18.9');
  expect(provideNode('20.19.0')).toBe('20.19.0');
  expect(provideNode('24.0.0')).toBe('24.0.0');
});

test('an Envoy on PATH is used only where it is recent', () => {
  const version = (text) => parseEnvoyVersion(`\n/x/envoy  version: 9e5580933739775e/${text}/Clean/RELEASE/BoringSSL\n`);
  expect(version('1.40.0').text).toBe('1.40.0');
  expect(isRecentEnough(version('1.36.2'))).toBe(true);
  expect(isRecentEnough(version('1.35.9'))).toBe(false);
  expect(parseEnvoyVersion('envoy: not found')).toBeUndefined();
});

test('a stamp holds until a file changes', () => {
  const file = join(dir, 'a');
  writeFileSync(file, '1');
  const before = hashFiles([file]);
  stamp('install', before, dir);
  expect(isStamped('install', hashFiles([file]), dir)).toBe(true);
  writeFileSync(file, '2');
  expect(isStamped('install', hashFiles([file]), dir)).toBe(false);
});

test('the manifest of every package counts for the install', () => {
  mkdirSync(join(dir, 'packages/core'), { recursive: true });
  for (const file of ['package.json', 'pnpm-lock.yaml', 'packages/core/package.json']) writeFileSync(join(dir, file), '{}');
  expect(manifests(dir)).toEqual(['package.json', 'packages/core/package.json', 'pnpm-lock.yaml'].map((file) => join(dir, file)));
});

test('the newest system PostgreSQL is found', () => {
  for (const version of ['9', '15']) {
    mkdirSync(join(dir, version, 'bin'), { recursive: true });
    writeFileSync(join(dir, version, 'bin/initdb'), '');
  }
  expect(findSystemPostgres(dir)).toBe(join(dir, '15', 'bin'));
});

test('only executables are found on a search path', () => {
  writeFileSync(join(dir, 'tool'), '', { mode: 0o644 });
  expect(findOnPath('tool', dir)).toBeUndefined();
  chmodSync(join(dir, 'tool'), 0o755);
  expect(findOnPath('tool', `:/nowhere:${dir}`)).toBe(join(dir, 'tool'));
});

test('a command that takes too long is stopped with its children, and says so', async () => {
  const result = await run('sh', ['-c', 'sleep 60 & echo started; wait'], { timeoutMs: 300 });
  expect(result.code).toBe(124);
  expect(result.output).toContain('stopped after');
});

test('a command that does not exist is a failure with its reason', async () => {
  const { code, output } = await run('mesh-no-such-command', []);
  expect(code).toBe(127);
  expect(output).toContain('ENOENT');
});

test('each step is one line with its duration', async () => {
  const written = [];
  const times = [0, 1234];
  const progress = new Progress({ write: (text) => written.push(text) }, () => times.shift());
  await progress.step('envoy', async () => '1.40.0 (cache)');
  expect(written.join('')).toMatch(/^ {2}envoy +1\.40\.0 \(cache\) +1\.2 s\n$/);
});

test('what turbo did is told in a few words', () => {
  expect(summaryOfTurbo(' Tasks:    34 successful, 34 total\nCached:    30 cached, 34 total\n')).toBe('34 tasks, 30 cached');
});
