import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { documentedShare } from '../src/rules/docs-on-exports.mjs';
import { rules } from '../src/rules/index.mjs';

const root = resolve(import.meta.dirname, '../../..');

for (const [sentence, check] of Object.entries(rules)) {
  test(sentence, () => {
    expect(check(root)).toEqual([]);
  });
}

test('most of what packages export is documented', () => {
  expect(documentedShare(root)).toBeGreaterThan(0.9);
});
