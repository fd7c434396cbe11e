import { afterEach, describe, expect, test } from 'vitest';
import { rules } from '../src/rules/index.mjs';
import { manifest, plant } from './seed.mjs';

const README = '# @mesh/core\n\nA package with a README that says something.\n';
const ADR = '# Title\n\n## Context\n\nA.\n\n## Decision\n\nB.\n\n## Consequences\n\nC.\n';
const long = (count, line) => Array.from({ length: count }, (_, i) => line.replace('$', String(i))).join('\n');
const functionOf = (count, name = 'long') => `function ${name}() {\n${long(count - 2, '  use($);')}\n}\n`;
const core = { 'packages/core/package.json': manifest('core', 'domain'), 'packages/core/README.md': README };

/** Per rule: a workspace that keeps it, and workspaces that break it with what must be said. */
const seeds = {
  'every package has a README, a role, a name, scripts and catalog versions': {
    good: core,
    bad: [
      [{ ...core, 'packages/core/README.md': 'Core\n' }, 'packages/core/README.md: must begin with a title'],
      [{ ...core, 'packages/core/README.md': '# Core\n' }, 'packages/core/README.md: says nothing'],
      [{ 'packages/core/package.json': manifest('core', 'domain') }, 'packages/core: has no README.md'],
      [{ ...core, 'packages/core/package.json': manifest('core', 'app') }, 'mesh.role is app'],
      [{ ...core, 'packages/core/package.json': manifest('kern', 'domain') }, 'the name is @mesh/kern'],
      [{ ...core, 'packages/core/package.json': manifest('core', 'domain', { scripts: {} }) }, 'has no script "test"'],
      [{ ...core, 'packages/core/package.json': manifest('core', 'domain', { dependencies: { zod: '4.6.7' } }) }, 'zod is "4.6.7"'],
    ],
  },
  'only known files stand at the root': {
    good: { 'package.json': '{}' },
    bad: [[{ 'notes.txt': 'x' }, 'notes.txt does not belong at the root']],
  },
  'decisions are dated, unique and complete': {
    good: { 'docs/adr/2026-01-02-one.md': ADR },
    bad: [
      [{ 'docs/adr/0001-one.md': ADR }, 'must be named'],
      [{ 'docs/adr/2026-01-02-one.md': ADR, 'docs/adr/2026-01-03-one.md': ADR }, 'another decision has this subject'],
      [{ 'docs/adr/2026-01-02-one.md': '# Title\n' }, 'has no section Decision'],
    ],
  },
  'every policy folder is complete': {
    good: Object.fromEntries(['index.ts', 'schema.ts', 'README.md', 'a.test.ts'].map((f) => [`packages/policies/src/a/${f}`, 'x'])),
    bad: [
      [{ 'packages/policies/src/a/index.ts': 'x' }, 'packages/policies/src/a: has no schema.ts'],
      [{ 'packages/policies/src/a/index.ts': 'x' }, 'packages/policies/src/a: has no test'],
    ],
  },
  'files and functions keep to their size budgets': {
    good: {
      'packages/core/src/a.ts': functionOf(40),
      'packages/core/src/a.test.ts': functionOf(90),
      'packages/testing/src/suite.ts': functionOf(90),
    },
    bad: [
      [{ 'packages/core/src/a.ts': long(401, 'export const a$ = $;') }, 'a.ts: 401 lines, at most 400'],
      [{ 'packages/core/src/a.test.ts': long(401, 'use($);') }, 'a.test.ts: 401 lines, at most 400'],
      [{ 'packages/core/src/a.ts': functionOf(81) }, 'a.ts:1: long has 81 lines, at most 80'],
      [{ 'packages/core/src/a.ts': functionOf(51) }, '1 of 1 functions have more than 50 lines'],
      [{ 'packages/core/src/a.ts': long(251, 'export const a$ = $;') }, 'nine of ten files have at most 251 lines'],
      [{ 'tooling/repo-check/size-exceptions.json': '{"packages/core/src/a.ts":"not needed"}' }, 'is not over its budget any more'],
    ],
  },
  'every configuration key is read, or said to change nothing': {
    good: {
      'docs/configuration.md': '| `a.port` | `A` | `1` | Port. |\n| `a.old` | `B` | `1` | Accepted for Kuma; gone. |\n',
      'packages/core/src/a.ts': 'use(config.a.port);\n',
    },
    bad: [
      [{ 'docs/configuration.md': '| `a.port` | `A` | `1` | Port. |\n' }, 'a.port: no code reads it'],
      [
        {
          'docs/configuration.md': '| `a.port` | `A` | `1` | Port. |\n',
          'packages/runtime/src/config/sections/a.ts': 'port: 1\n',
          'packages/core/src/a.test.ts': 'use(config.a.port);\n',
        },
        'a.port: no code reads it',
      ],
    ],
  },
  'every exported function and class of a package is documented': {
    good: { 'packages/core/src/a.ts': '/** Why. */\nexport function a() {}\n/** What. */\n@Injectable()\nexport class B {}\n' },
    bad: [
      [{ 'packages/core/src/a.ts': 'export function a() {}\n' }, 'packages/core/src/a.ts#a is exported without a doc comment'],
      [{ 'packages/core/src/a.ts': '/** Of another. */\nconst b = 1;\nexport class A {}\n' }, 'a.ts#A is exported'],
      [{ 'packages/core/src/a.ts': 'export const a = () => 1;\n' }, 'a.ts#a is exported'],
      [{ 'tooling/repo-check/undocumented.json': '["packages/core/src/a.ts#a"]' }, 'is documented or gone'],
    ],
  },
  'sources hold no marker of unfinished work': {
    good: { 'packages/core/src/a.ts': '// Done.\n' },
    bad: [[{ 'packages/core/src/a.ts': `// TO${'DO'}: later\n` }, 'packages/core/src/a.ts:1: says that something is unfinished']],
  },
  'committed files name no directory of a machine': {
    good: { 'docs/a.md': 'see framework/root/x\n' },
    bad: [[{ 'docs/a.md': 'see /work/main/x\n' }, 'docs/a.md:1: names a directory of one machine']],
  },
  'committed files name no package registry': {
    good: { '.npmrc': 'fund=false\n' },
    bad: [
      [{ '.npmrc': 'registry=x\n' }, '.npmrc:1: names a package registry'],
      [{ 'pnpm-lock.yaml': '  tarball: https://registry.example.org/a.tgz\n' }, 'pnpm-lock.yaml:1: names a package registry'],
    ],
  },
  'domain packages read no clock of their own': {
    good: { ...core, 'packages/core/src/a.test.ts': 'Date.now();' },
    bad: [[{ ...core, 'packages/core/src/a.ts': 'export const a = Date.now();\n' }, 'packages/core/src/a.ts:1: reads a clock of its own']],
  },
};

let planted;
afterEach(() => planted?.remove());

test('every rule has seeds', () => {
  expect(Object.keys(seeds).sort()).toEqual(Object.keys(rules).sort());
});

describe.each(Object.entries(seeds))('%s', (sentence, { good, bad }) => {
  test('is silent about a workspace that keeps it', () => {
    planted = plant(good);
    expect(rules[sentence](planted.dir)).toEqual([]);
  });

  test.each(bad.map(([files, message]) => ({ files, message })))('fires: $message', ({ files, message }) => {
    planted = plant(files);
    expect(rules[sentence](planted.dir).join('\n')).toContain(message);
  });
});
