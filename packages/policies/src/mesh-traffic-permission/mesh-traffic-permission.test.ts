import type { Principal } from '@mesh/proto/envoy/config/rbac/v3/rbac_pb.js';
import { dataplane, mesh, resource } from '@mesh/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextOf, runPolicyCases, sidecarResources } from '../../test/run-policy-cases.js';
import { actionFor, type CallerRule, callersWith } from './callers.js';
import { meshTrafficPermission } from './index.js';

runPolicyCases(meshTrafficPermission, import.meta.dirname);

const tags = fc.dictionary(fc.constantFrom('kuma.io/service', 'env', 'version'), fc.constantFrom('a', 'b', 'c'), { maxKeys: 3 });
const rule: fc.Arbitrary<CallerRule> = fc.record({ tags, action: fc.constantFrom('Allow', 'Deny', 'AllowWithShadowDeny') });

test('the filter admits exactly the callers whose last rule allows them', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), tags, (rules, caller) => {
      const action = actionFor(rules, caller);
      const uris = Object.entries(caller).map(([key, value]) =>
        key === 'kuma.io/service' ? `spiffe://default/${value}` : `kuma://${key}/${value}`,
      );
      const admits = (actions: Parameters<typeof callersWith>[2]) =>
        callersWith('default', rules, actions).some((principal) => holds(principal, uris));
      expect(admits(['Allow', 'AllowWithShadowDeny'])).toBe(action === 'Allow' || action === 'AllowWithShadowDeny');
      expect(admits(['AllowWithShadowDeny'])).toBe(action === 'AllowWithShadowDeny');
    }),
    { numRuns: 500 },
  );
});

test('two denied values of a tag under an allow for all are both denied', () => {
  const rules: CallerRule[] = [
    { tags: {}, action: 'Allow' },
    { tags: { env: 'dev' }, action: 'Deny' },
    { tags: { env: 'prod' }, action: 'Deny' },
  ];
  const admitted = (env: string) => callersWith('default', rules, ['Allow']).some((principal) => holds(principal, [`kuma://env/${env}`]));
  expect([admitted('dev'), admitted('prod'), admitted('test')]).toEqual([false, false, true]);
});

test('a caller with several values of a tag is denied when one of them is', () => {
  const rules: CallerRule[] = [
    { tags: { env: 'test' }, action: 'Allow' },
    { tags: { env: 'prod' }, action: 'Deny' },
  ];
  const [principal] = callersWith('default', rules, ['Allow']);
  expect(principal && holds(principal, ['kuma://env/test', 'kuma://env/prod'])).toBe(false);
});

test('a policy made in another zone does not open this one', () => {
  const spec = { from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }] };
  const from = (zone: string) => resource('MeshTrafficPermission', `allow-${zone}`).fromZone(zone).withSpec(spec).build();
  const proxy = dataplane('backend-1').inbound('backend', 80, { protocol: 'http' }).build();
  const rules = (zone: string) => {
    const context = contextOf([meshTrafficPermission], [mesh().mtls().build(), proxy, from(zone)]);
    return JSON.stringify(sidecarResources([meshTrafficPermission], context, { name: 'backend-1' }).Listener);
  };
  expect(rules('zone-1')).toContain('"rules":{"policies":{"MeshTrafficPermission"');
  expect(rules('zone-2')).toContain('"rules":{},');
});

test('actions in capitals, as Kuma 2.0 wrote them, are read', () => {
  const spec = { from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'ALLOW' } }] };
  const { document, warnings } = meshTrafficPermission.normalize?.({ type: 'MeshTrafficPermission', spec }) ?? {};
  expect(document).toMatchObject({ spec: { from: [{ default: { action: 'Allow' } }] } });
  expect(warnings).toEqual(['spec.from[0].default.action: "ALLOW" is an old form, write "Allow" instead']);
});

/** What Envoy does with the principals these filters use. */
function holds({ identifier }: Principal, uris: readonly string[]): boolean {
  if (identifier.case === 'any') return identifier.value;
  if (identifier.case === 'notId') return !holds(identifier.value, uris);
  if (identifier.case === 'andIds') return identifier.value.ids.every((id) => holds(id, uris));
  if (identifier.case !== 'authenticated') throw new Error(`unexpected ${identifier.case}`);
  return uris.includes(String(identifier.value.principalName?.matchPattern.value));
}
