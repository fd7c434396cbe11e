import { afterAll, beforeAll, expect, test } from 'vitest';
import { plant, runTool } from './seed.mjs';

const PROMISE = 'async function work(): Promise<void> {}\n\nexport async function start(): Promise<void> {\n';
const KINDS =
  "export type Kind = 'a' | 'b';\n\nexport function name(kind: Kind): number {\n  switch (kind) {\n    case 'a':\n      return 1;\n";
const deep = (depth) => (depth === 0 ? 'n += 1;\n' : `if (n > ${depth}) {\n${deep(depth - 1)}}\n`);

/** File to write, the rule it must break. */
const seeds = [
  ['packages/core/src/format.ts', 'export const a = "x"\n', 'format'],
  [
    'packages/core/src/order.ts',
    "import { b } from './b.js';\nimport { a } from './a.js';\n\nexport const c = a + b;\n",
    'assist/source/organizeImports',
  ],
  ['packages/core/src/default.ts', 'export default 1;\n', 'lint/style/noDefaultExport'],
  ['packages/core/src/env.ts', 'export const home = process.env.HOME;\n', 'lint/style/noProcessEnv'],
  ['packages/core/src/any.ts', 'export const a: any = 1;\n', 'lint/suspicious/noExplicitAny'],
  ['packages/core/src/console.ts', "console.log('x');\n", 'lint/suspicious/noConsole'],
  ['packages/core/src/camelCase.ts', 'export const a = 1;\n', 'lint/style/useFilenamingConvention'],
  ['packages/core/src/unused.ts', 'const a = 1;\nexport {};\n', 'lint/correctness/noUnusedVariables'],
  [
    'packages/core/src/four.ts',
    'export const f = (a: number, b: number, c: number, d: number) => a + b + c + d;\n',
    'lint/complexity/useMaxParams',
  ],
  ['packages/core/src/floating.ts', `${PROMISE}  work();\n}\n`, 'lint/nursery/noFloatingPromises'],
  ['packages/core/src/switch.ts', `${KINDS}  }\n  return 0;\n}\n`, 'lint/nursery/useExhaustiveSwitchCases'],
  [
    'packages/core/src/deep.ts',
    `export function f(start: number): number {\nlet n = start;\n${deep(7)}return n;\n}\n`,
    'lint/complexity/noExcessiveCognitiveComplexity',
  ],
  ['packages/core/src/thrown.ts', "export function f(): never {\n  throw 'text';\n}\n", 'lint/style/useThrowOnlyError'],
  ['packages/core/src/node.ts', "import { join } from 'path';\n\nexport const a = join('a');\n", 'lint/style/useNodejsImportProtocol'],
  ['packages/core/src/only.test.ts', "import { test } from 'vitest';\n\ntest.only('x', () => {});\n", 'lint/suspicious/noFocusedTests'],
];

const CLEAN = {
  'packages/core/src/config.ts': 'export const home = process.env.HOME;\n',
  'packages/core/src/a.ts': `${PROMISE}  await work();\n}\n`,
  'packages/core/src/b.ts': `${KINDS}    case 'b':\n      return 2;\n  }\n}\n`,
  'packages/core/vitest.config.ts': 'const config = {};\nexport default config;\n',
};

const COPIED = ['biome.json', '.gitignore'];
let planted;
let findings;

beforeAll(() => {
  planted = plant(Object.fromEntries(seeds.map(([file, text]) => [file, text])), COPIED);
  const { status, stdout } = runTool('biome', ['ci', '--reporter=json', '--max-diagnostics=none'], planted.dir);
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'), stdout.lastIndexOf('}') + 1));
  findings = { status, found: report.diagnostics.map(({ category, location }) => `${location.path} ${category}`) };
});

afterAll(() => planted.remove());

test('findings make the linter fail', () => {
  expect(findings.status).toBe(1);
});

test.each(seeds.map(([file, , rule]) => ({ file, rule })))('$rule fires', ({ file, rule }) => {
  expect(findings.found).toContain(`${file} ${rule}`);
});

test('the linter is silent about clean code', () => {
  const clean = plant(CLEAN, COPIED);
  try {
    expect(runTool('biome', ['ci', '--error-on-warnings'], clean.dir)).toMatchObject({ status: 0 });
  } finally {
    clean.remove();
  }
});
