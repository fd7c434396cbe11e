import { afterEach, expect, test } from 'vitest';
import { manifest, plant, runTool } from './seed.mjs';

const COPIED = ['knip.json', '.gitignore'];
const used = {
  'package.json': '{ "name": "mesh", "private": true, "type": "module", "workspaces": ["packages/*"] }',
  'packages/core/package.json': manifest('core', 'domain', { exports: { '.': { source: './src/index.ts' } } }),
  'packages/core/src/index.ts': "import { a } from './a.js';\n\nexport const b = a;\n",
  'packages/core/src/a.ts': 'export const a = 1;\n',
};

let planted;
afterEach(() => planted?.remove());

function knip(files) {
  planted = plant({ ...used, ...files }, COPIED);
  return runTool('knip', ['--no-progress', '--no-config-hints'], planted.dir);
}

test('code that is used is left alone', () => {
  expect(knip({})).toMatchObject({ status: 0 });
});

const seeds = [
  ['a file nobody imports', { 'packages/core/src/lost.ts': 'export const a = 1;\n' }, 'packages/core/src/lost.ts'],
  ['an export nobody imports', { 'packages/core/src/a.ts': 'export const a = 1;\nexport const lost = 2;\n' }, 'lost'],
  [
    'a dependency nobody imports',
    {
      'packages/core/package.json': manifest('core', 'domain', {
        exports: { '.': { source: './src/index.ts' } },
        dependencies: { zod: '*' },
      }),
    },
    'zod',
  ],
  ['an import that the manifest does not name', { 'packages/core/src/a.ts': "import 'zod';\n\nexport const a = 1;\n" }, 'zod'],
];

test.each(seeds)('%s is found', (_what, files, name) => {
  const { status, output } = knip(files);
  expect(output).toContain(name);
  expect(status).not.toBe(0);
});
