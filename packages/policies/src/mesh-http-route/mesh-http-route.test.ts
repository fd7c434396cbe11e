import { routeNameOf } from '@mesh/xds';
import { expect, test } from 'vitest';
import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshHttpRoute } from './index.js';

runPolicyCases(meshHttpRoute, import.meta.dirname);

test('routes are named as Kuma names them: by the hash of all matches of their rule', () => {
  const matches = [
    {
      path: { value: '/exact', type: 'Exact' },
      method: 'POST',
      queryParams: [{ type: 'RegularExpression', name: 'q', value: 'a.*' }],
      headers: [
        { type: 'Exact', name: 'x-b', value: '1' },
        { type: 'Absent', name: 'x-a' },
        { type: 'Prefix', name: 'x-c', value: 'p' },
      ],
    },
    { path: { value: '/re/[0-9]+', type: 'RegularExpression' } },
  ];
  expect(routeNameOf(matches)).toBe('uu33GjmHWzUsw+7/xDjC+MD84ZpHNbBbIzOTPtYBWyM=');
});
