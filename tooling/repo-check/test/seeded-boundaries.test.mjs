import { afterEach, expect, test } from 'vitest';
import { manifest, plant, runTool } from './seed.mjs';

const COPIED = ['.dependency-cruiser.mjs', 'tooling/repo-check/src'];
const PACKAGES = {
  core: 'domain',
  resources: 'domain',
  xds: 'domain',
  policies: 'domain',
  proto: 'contract',
  grpc: 'adapter',
  'store-memory': 'adapter',
  runtime: 'runtime',
  'control-plane': 'service',
  'service-zone': 'service',
  'service-api': 'service',
  testing: 'test',
  'zone-kit': 'test',
};

/** A workspace of empty packages and one app. */
function workspace(files) {
  const packages = Object.entries(PACKAGES).flatMap(([name, role]) => [
    [`packages/${name}/package.json`, manifest(name, role)],
    [`packages/${name}/src/index.ts`, 'export const here = 1;\n'],
  ]);
  const app = { 'apps/zone-cp/package.json': manifest('zone-cp', 'app'), 'apps/zone-cp/src/main.ts': 'export const main = 1;\n' };
  return { ...Object.fromEntries(packages), ...app, ...files };
}

const to = (path) => `import { here } from '../../${path}/src/index.js';\nexport const there = here;\n`;

let planted;
afterEach(() => planted?.remove());

function cruise(files) {
  planted = plant(workspace(files), COPIED);
  return runTool('depcruise', ['--config', '.dependency-cruiser.mjs', '--output-type', 'err', 'apps', 'packages'], planted.dir);
}

test('the arrows that the architecture allows are silent', () => {
  const files = {
    'packages/resources/src/a.ts': to('core'),
    'packages/policies/src/a.ts': to('xds'),
    'packages/grpc/src/a.ts': to('resources'),
    'packages/service-zone/src/a.ts': to('control-plane'),
    'packages/grpc/src/a.test.ts': to('testing'),
    'packages/zone-kit/src/a.ts': to('testing'),
    'packages/policies/src/one/index.ts': "export { here } from '../sdk/index.js';\n",
    'packages/policies/src/sdk/index.ts': 'export const here = 1;\n',
    'packages/policies/src/index.gen.ts': "export { here } from './one/index.js';\n",
    'apps/zone-cp/src/app.ts': to('../packages/service-zone'),
  };
  expect(cruise(files)).toMatchObject({ status: 0 });
});

const arrows = [
  ['core', 'resources'],
  ['resources', 'xds'],
  ['xds', 'policies'],
  ['grpc', 'store-memory'],
  ['runtime', 'grpc'],
  ['service-zone', 'service-api'],
  ['policies', 'grpc'],
  ['proto', 'core'],
];

test.each(arrows)('packages/%s may not import packages/%s', (from, target) => {
  const { status, output } = cruise({ [`packages/${from}/src/a.ts`]: to(target) });
  expect(output).toContain(`arrows-of-packages-${from}`);
  expect(status).not.toBe(0);
});

const others = [
  ['apps-are-imported-by-nobody', { 'packages/core/src/a.ts': "export { main } from '../../../apps/zone-cp/src/main.js';\n" }],
  ['domain-is-pure', { 'packages/core/src/a.ts': "import '@nestjs/common';\n" }],
  ['domain-is-pure', { 'packages/xds/src/a.ts': "import '@grpc/grpc-js';\n" }],
  ['domain-is-pure', { 'packages/resources/src/a.ts': "import { Client } from 'pg';\nexport const c = Client;\n" }],
  ['domain-is-pure', { 'packages/policies/src/a.ts': "import { pino } from 'pino';\nexport const p = pino;\n" }],
  ['test-code-stays-in-tests', { 'packages/grpc/src/a.ts': to('testing') }],
  ['test-code-stays-in-tests', { 'packages/service-zone/src/a.ts': to('zone-kit') }],
  [
    'policy-folders-are-apart',
    {
      'packages/policies/src/one/index.ts': "export { a } from '../two/index.js';\n",
      'packages/policies/src/two/index.ts': 'export const a = 1;\n',
    },
  ],
  [
    'policy-folders-are-apart',
    {
      'packages/policies/src/sdk/index.ts': "export { a } from '../two/index.js';\n",
      'packages/policies/src/two/index.ts': 'export const a = 1;\n',
    },
  ],
  [
    'descriptors-load-no-envoy-types',
    {
      'packages/policies/src/one/kind.ts': "export { a } from './plugin.js';\n",
      'packages/policies/src/one/plugin.ts': 'export const a = 1;\n',
    },
  ],
  ['descriptors-load-no-envoy-types', { 'packages/policies/src/one/schema.ts': to('xds').replace("'../", "'../../") }],
  [
    'no-cycles',
    {
      'packages/core/src/a.ts': "import { b } from './b.js';\nexport const a = () => b;\n",
      'packages/core/src/b.ts': "import { a } from './a.js';\nexport const b = () => a;\n",
    },
  ],
  ['no-unresolved', { 'packages/core/src/a.ts': "import './nowhere.js';\n" }],
];

test.each(others)('%s fires', (rule, files) => {
  const { status, output } = cruise(files);
  expect(output).toContain(rule);
  expect(status).not.toBe(0);
});
