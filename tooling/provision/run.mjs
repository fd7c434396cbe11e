#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from './lib/exec.mjs';
import { faultRun } from './lib/fault-runs.mjs';
import { runForeground } from './lib/foreground.mjs';
import { root } from './lib/paths.mjs';
import { Progress } from './lib/progress.mjs';
import { build, provision } from './provision.mjs';
import { parseTestArguments, runTests } from './suite/run-tests.mjs';

const USAGE =
  'usage: run.mjs lab|bench [arguments] | test [--only a,b] [--skip a,b] [--list] | chaos [--seed N] [--minutes M] | faults [files] | setup';

/** What `lab` and `bench` start once everything is there. */
const PROGRAMS = { lab: 'apps/lab/dist/main.js', bench: 'bench/dist/main.js' };

async function main([mode, ...args]) {
  const progress = new Progress();
  if (mode === 'setup') return setup(progress);
  if (mode === 'test') return runTests(progress, parseTestArguments(args));
  if (mode === 'chaos' || mode === 'faults') return breakThings(progress, faultRun(mode, args));
  if (!Object.hasOwn(PROGRAMS, mode ?? '')) throw new Error(USAGE);
  const env = await prepare(progress, { testTools: mode === 'bench' });
  const program = join(root, PROGRAMS[mode]);
  if (!existsSync(program)) throw new Error(`${PROGRAMS[mode]} was not built`);
  return runForeground(process.execPath, [program, ...args], { cwd: root, env });
}

async function breakThings(progress, { args, env }) {
  const prepared = await prepare(progress);
  return runForeground('vitest', ['run', ...args], { cwd: join(root, 'test-e2e'), env: { ...prepared, ...env } });
}

async function setup(progress) {
  await prepare(progress);
  return 0;
}

async function prepare(progress, options) {
  const env = await provision(progress, options);
  await build(env, progress);
  return env;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommandError) process.stderr.write(`${error.output.split('\n').slice(-200).join('\n')}\n`);
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
