#!/usr/bin/env node
import { resolve } from 'node:path';
import { checkIndexes, writeIndexes } from './src/indexes.mjs';
import { scaffold } from './src/scaffold.mjs';
import { templates } from './src/templates/index.mjs';

const USAGE = `usage: pnpm gen policy <kebab-name>   a policy: packages/policies/src/<name>/
       pnpm gen kind <kebab-name>     a core kind: packages/resources/src/<name>/
       pnpm gen app <kebab-name>      a service app: apps/<name>/ and bin/<name>
       pnpm gen index [--check]       the generated lists of policies and kinds
`;

const root = resolve(import.meta.dirname, '../..');

function main([what, ...args]) {
  if (what === 'index') return index(args);
  if (!Object.hasOwn(templates, what ?? '') || args.length !== 1) {
    process.stderr.write(USAGE);
    return 2;
  }
  for (const path of scaffold(root, templates[what], args[0])) process.stdout.write(`${path}\n`);
  process.stdout.write(templates[what].next(args[0]));
  return 0;
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
