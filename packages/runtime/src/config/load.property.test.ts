import { MeshError } from '@mesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { configFields, type LoadOptions, loadConfig } from './index.js';

function outcome(options: LoadOptions): 'accepted' | 'refused' {
  try {
    loadConfig(options);
    return 'accepted';
  } catch (error) {
    if (MeshError.is(error, 'invalid')) return 'refused';
    throw error;
  }
}

const variables = configFields.flatMap(({ env }) => env ?? []);
const paths = configFields.map(({ path }) => path);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '0', '-1', '1e9', 'true', '1h', 'NaN', ',', '::', '__proto__'),
);

describe('configuration from outside', () => {
  it('is accepted or refused, whatever the text of the file', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (yamlText) => void outcome({ yamlText, env: {} })),
      { numRuns: 500 },
    );
  });

  it('is accepted or refused, whatever values the known keys have', () => {
    const value = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }));
    const entries = fc.array(fc.tuple(fc.constantFrom(...paths), value, fc.nat(6)), { maxLength: 6 });
    fc.assert(
      fc.property(entries, (list) => {
        const document = {};
        for (const [path, leaf, depth] of list) put(document, { path: path.slice(0, depth + 1), leaf });
        outcome({ yamlText: stringify(document), env: {} });
      }),
      { numRuns: 300 },
    );
  });

  it('is accepted or refused, whatever the variables hold', () => {
    const env = fc.dictionary(fc.constantFrom(...variables, 'KUMA_MODE_MODE', 'KUMA_MODE_REMOTE_ZONE'), text, { maxKeys: 8 });
    fc.assert(
      fc.property(env, (values) => void outcome({ env: values })),
      { numRuns: 300 },
    );
  });

  it('survives aliases that multiply and nesting without end', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]`).join('\n')}`;
    expect(outcome({ yamlText: bomb, env: {} })).toBe('refused');
    expect(outcome({ yamlText: '['.repeat(20_000), env: {} })).toBe('refused');
    expect(outcome({ yamlText: `${'{a: '.repeat(3_000)}1${'}'.repeat(3_000)}`, env: {} })).toMatch(/accepted|refused/);
  });

  it('does not reach the prototype of objects', () => {
    outcome({
      yamlText: '__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\ngeneral: {__proto__: {polluted: 1}}',
      env: {},
    });
    expect('polluted' in {}).toBe(false);
  });
});

function put(root: object, { path, leaf }: { path: readonly string[]; leaf: unknown }): void {
  let at = root as Record<string, unknown>;
  for (const key of path.slice(0, -1)) {
    if (typeof at[key] !== 'object' || at[key] === null || Array.isArray(at[key])) at[key] = {};
    at = at[key] as Record<string, unknown>;
  }
  at[path.at(-1) ?? ''] = leaf;
}
