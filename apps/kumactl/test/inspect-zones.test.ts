import type { JsonObject } from '@mesh/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endedSubscription, stored, zoneSubscription } from './documents.js';
import { KumactlUnderTest } from './fixture.js';

const inStep = { live: true, lagRevisions: 0 };
const refusal = { kind: 'MeshTimeout', mesh: 'default', name: 'slow', reason: 'spec.to: cannot\n be empty' };
const insight = (zone: string, subscription: JsonObject, sync: JsonObject) =>
  stored('ZoneInsight', zone, { subscriptions: [subscription], sync });

let kumactl: KumactlUnderTest;
beforeAll(async () => {
  kumactl = await KumactlUnderTest.start();
  await kumactl.seed(
    ...['behind', 'fine', 'kuma', 'open', 'renamed'].map((zone) => stored('Zone', zone, { enabled: true })),
    insight('behind', zoneSubscription, {
      globalToZone: { live: true, lagRevisions: 12, refused: [refusal] },
      zoneToGlobal: { live: false },
      authentication: 'client certificate and zone token',
    }),
    insight('fine', zoneSubscription, { globalToZone: inStep, zoneToGlobal: inStep, authentication: 'zone token' }),
    insight('kuma', zoneSubscription, { globalToZone: { live: true }, zoneToGlobal: { live: true }, authentication: 'none' }),
    insight('open', zoneSubscription, {
      globalToZone: inStep,
      zoneToGlobal: inStep,
      authentication: 'none',
      refusedClaim: { time: '2026-11-21T08:15:30Z', reason: 'the name belongs to another deployment' },
    }),
    insight('renamed', endedSubscription, { renamedTo: 'fine', authentication: 'zone token' }),
  );
});
afterAll(() => kumactl.stop());

it('inspect zones shows of each zone both directions, how it proved its name, who else claimed it, and what is refused and why', async () => {
  const { out } = await kumactl.run(['inspect', 'zones']);
  const [header = '', ...lines] = out.trimEnd().split('\n');
  const from = header.indexOf('TO ZONE');
  expect(from).toBeGreaterThan(0);
  const shown = lines.map((line) => [line.split(' ')[0], line.slice(from).trimEnd().split(/ {2,}/).join(' | ')]);
  expect(header.slice(from).split(/ {2,}/)).toEqual(['TO ZONE', 'FROM ZONE', 'PROVED BY', 'NOTES']);
  expect(Object.fromEntries(shown)).toEqual({
    behind: '12 behind, 1 refused | no stream | client certificate and zone token | MeshTimeout slow: spec.to: cannot be empty',
    fine: 'in step | in step | zone token',
    kuma: 'live | live | none',
    open: 'in step | in step | none | refused 2m ago: the name belongs to another deployment',
    renamed: 'no stream | no stream | zone token | is zone "fine" now',
  });
});
