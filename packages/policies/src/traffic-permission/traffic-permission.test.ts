import { expect, test } from 'vitest';
import { runPolicyCases } from '../../test/run-policy-cases.js';
import { trafficPermission } from './index.js';

runPolicyCases(trafficPermission, import.meta.dirname);

test('the form of Kuma 0.2 is read, and the user is told what to write instead', () => {
  const old = { rules: [{ sources: [{ match: { service: 'web' } }], destinations: [{ match: { service: 'backend' } }] }] };
  expect(trafficPermission.normalize?.({ type: 'TrafficPermission', name: 'a', mesh: 'default', ...old })).toEqual({
    document: {
      type: 'TrafficPermission',
      name: 'a',
      mesh: 'default',
      sources: [{ match: { 'kuma.io/service': 'web' } }],
      destinations: [{ match: { 'kuma.io/service': 'backend' } }],
    },
    warnings: [
      'rules: is an old form, write its sources, destinations and conf at the top of the document instead',
      'sources[0].match["service"]: the tag is called "kuma.io/service" now',
      'destinations[0].match["service"]: the tag is called "kuma.io/service" now',
    ],
  });
});

test('several rules in one document are not guessed into one permission', () => {
  const rule = { sources: [{ match: { service: 'a' } }], destinations: [{ match: { service: 'b' } }] };
  expect(trafficPermission.normalize?.({ rules: [rule, rule] }).document.sources).toBeUndefined();
});
