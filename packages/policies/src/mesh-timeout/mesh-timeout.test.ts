import { expect, test } from 'vitest';
import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshTimeout } from './index.js';

runPolicyCases(meshTimeout, import.meta.dirname);

test('a user of from is told to use rules', () => {
  const spec = { from: [{ targetRef: { kind: 'Mesh' as const }, default: { idleTimeout: '1s' } }] };
  expect(meshTimeout.deprecations?.(spec, { name: 'a', mesh: 'default', labels: {} })).toEqual([
    "'from' field is deprecated, use 'rules' instead",
  ]);
});
