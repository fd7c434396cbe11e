#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { checkIndexes, writeIndexes } from './src/indexes.mjs';
import { scaffold } from './src/scaffold.mjs';
import { templates } from './src/templates/index.mjs';

const USAGE = `usage: pnpm gen policy <kebab-name>   a policy: packages/policies/src/<name>/
       pnpm gen kind <kebab-name>     a core kind: packages/resources/src/<name>/
       pnpm gen app <kebab-name>      a service app: apps/<name>/ and bin/<name>
       pnpm gen index [--check]       the generated lists of policies and kinds
       pnpm gen config-docs           docs/configuration.md, from the keys in packages/runtime
`;

const root = resolve(import.meta.dirname, '../..');

function main([what, ...args]) {
  if (what === 'index') return index(args);
  if (what === 'config-docs' && args.length === 0) return configDocs();
  if (!Object.hasOwn(templates, what ?? '') || args.length !== 1) {
    process.stderr.write(USAGE);
    return 2;
  }
  for (const path of scaffold(root, templates[what], args[0])) process.stdout.write(`${path}\n`);
  process.stdout.write(templates[what].next(args[0]));
  return 0;
}

/** The page is a snapshot of a test in packages/runtime, which fails where it is stale. */
function configDocs() {
  const args = ['exec', 'vitest', 'run', 'src/config/documentation.test.ts', '--update'];
  return spawnSync('pnpm', args, { cwd: join(root, 'packages/runtime'), stdio: 'inherit' }).status ?? 1;
}

function index(args) {
  if (!args.includes('--check')) {
    for (const path of writeIndexes(root)) process.stdout.write(`${path}\n`);
    return 0;
  }
  const stale = checkIndexes(root);
  for (const path of stale) process.stderr.write(`${path} is not what \`pnpm gen index\` writes\n`);
  return stale.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
