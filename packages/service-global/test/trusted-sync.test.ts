import type { ZoneInsightSpec } from '@mesh/resources';
import { expect, it, vi } from 'vitest';
import { copyOf, eventually, startGlobal, startZone, type TestGlobal, type TestZone, useScope } from './deployment.fixture.js';
import { Relay } from './relay.fixture.js';

const author = { name: 'test' };
const WITHIN = { timeout: 20_000, interval: 20 };
const BEAT_MS = 100;
const scope = useScope();

async function start(): Promise<{ global: TestGlobal; zone: TestZone; relay: Relay }> {
  const global = await startGlobal(scope.dir, { beatIntervalMs: BEAT_MS });
  scope.running.push(global);
  const relay = await Relay.start(global.port);
  scope.running.push(relay);
  const zone = await startZone(scope.dir, { name: 'zone-1', port: relay.port, beatIntervalMs: BEAT_MS });
  scope.running.push(zone);
  await zone.sync.firstSync;
  return { global, zone, relay };
}

const syncOf = ({ opened }: { opened: TestGlobal['opened'] }) => opened.view.find<ZoneInsightSpec>('ZoneInsight', '', 'zone-1')?.spec.sync;
const mesh = (name: string, spec: object = {}) => ({ kind: 'Mesh', mesh: '', name, spec });
const dataplane = (name: string, address: string) => ({
  kind: 'Dataplane',
  mesh: 'default',
  name,
  spec: { networking: { address, inbound: [{ port: 8080, tags: { 'kuma.io/service': 'web', 'kuma.io/zone': 'zone-1' } }] } },
});

it('shows both directions of a zone, live and how far behind, in its insights and in metrics', async () => {
  const { global, zone } = await start();
  for (const at of [global, zone]) {
    const settled = { live: true, lagRevisions: 0 };
    await eventually(at.opened, () => syncOf(at)?.globalToZone?.lagRevisions === 0 && syncOf(at)?.zoneToGlobal?.lagRevisions === 0);
    expect(syncOf(at)).toMatchObject({ globalToZone: settled, zoneToGlobal: settled });
    for (const direction of ['globalToZone', 'zoneToGlobal'])
      for (const name of ['kds_zone_lag_revisions', 'kds_stream_silence_seconds'])
        expect(await at.metrics.text()).toMatch(new RegExp(`^${name}\\{[^}]*direction="${direction}"[^}]*\\} [0-9.]+$`, 'm'));
  }
  await zone.stop();
  await eventually(global.opened, () => syncOf(global)?.globalToZone?.live === false && syncOf(global)?.zoneToGlobal?.live === false);
  expect(await global.metrics.text()).not.toContain('kds_zone_lag_revisions{');
});

it('replaces a line that fell silent, and loses nothing of what changed meanwhile', async () => {
  const { global, zone, relay } = await start();
  await vi.waitFor(async () => expect(await zone.metrics.text()).toMatch(/kds_zone_lag_revisions\{[^}]*globalToZone/), WITHIN);
  relay.silence();
  await global.opened.controlPlane.put({ draft: mesh('meanwhile'), author });
  await zone.opened.controlPlane.put({ draft: dataplane('web-1', '10.0.0.1'), author });
  await eventually(zone.opened, () => zone.opened.view.find('Mesh', '', 'meanwhile'), 'the mesh made meanwhile');
  await eventually(global.opened, () => copyOf(global.opened, 'Dataplane', 'web-1'), 'the dataplane made meanwhile');
  expect(await zone.metrics.text()).toMatch(/^kds_silent_streams_total\{[^}]*\} [1-9]/m);
});

it('puts right what differs from the other side without a word of it: changed, gone, or too much', async () => {
  const { global, zone } = await start();
  for (const name of ['changed', 'gone']) await global.opened.controlPlane.put({ draft: mesh(name), author });
  await zone.opened.controlPlane.put({ draft: dataplane('web-1', '10.0.0.1'), author });
  await eventually(zone.opened, () => zone.opened.view.find('Mesh', '', 'gone') && zone.opened.view.find('Mesh', '', 'changed'));
  await eventually(global.opened, () => copyOf(global.opened, 'Dataplane', 'web-1'));
  // Past the write rules: as a restored table or a bug would do it.
  const labels = { 'kuma.io/origin': 'global' };
  await zone.opened.store.transact(
    [
      { op: 'delete', key: { kind: 'Mesh', mesh: '', name: 'gone' } },
      { op: 'upsert', draft: { ...mesh('changed', { routing: { localityAwareLoadBalancing: true } }), labels } },
      { op: 'create', draft: { ...mesh('too-much'), labels } },
    ],
    { author },
  );
  const copy = copyOf(global.opened, 'Dataplane', 'web-1');
  await global.opened.store.transact([{ op: 'delete', key: { kind: 'Dataplane', mesh: 'default', name: copy?.meta.name ?? '' } }], {
    author,
  });
  const { view } = zone.opened;
  await eventually(zone.opened, () => view.find('Mesh', '', 'gone'), 'what was gone');
  await eventually(zone.opened, () => Object.keys(view.find('Mesh', '', 'changed')?.spec ?? { x: 1 }).length === 0, 'what was changed');
  await eventually(zone.opened, () => !view.find('Mesh', '', 'too-much'), 'no more than there should be');
  await eventually(global.opened, () => copyOf(global.opened, 'Dataplane', 'web-1'), 'what was gone at the global');
  const repaired = (kind: string) => new RegExp(`^kds_repairs_total\\{[^}]*resource_type="${kind}"[^}]*\\} [1-9]`, 'm');
  await vi.waitFor(async () => expect(await zone.metrics.text()).toMatch(repaired('Mesh')), WITHIN);
  await vi.waitFor(async () => expect(await global.metrics.text()).toMatch(repaired('Dataplane')), WITHIN);
});

it('keeps one bad resource out, names it, and lets the rest and its better form in', async () => {
  const { global, zone } = await start();
  const bad = { ...dataplane('bad', 'not an address'), labels: { 'kuma.io/origin': 'zone' } };
  await zone.opened.store.transact([{ op: 'create', draft: bad }], { author });
  await zone.opened.controlPlane.put({ draft: dataplane('good', '10.0.0.1'), author });
  await eventually(global.opened, () => copyOf(global.opened, 'Dataplane', 'good'), 'the good one');
  const refused = await eventually(global.opened, () => syncOf(global)?.zoneToGlobal?.refused, 'the name of the bad one');
  expect(refused).toEqual([
    { kind: 'Dataplane', mesh: 'default', name: expect.stringMatching(/^bad-/), reason: expect.stringContaining('address') },
  ]);
  // The refusal itself has a reason alone; the next beat names what it is about.
  const named = () => syncOf(zone)?.zoneToGlobal?.refused?.find(({ name }) => name);
  expect(await eventually(zone.opened, named, 'the name of the bad one in the zone')).toMatchObject({
    kind: 'Dataplane',
    name: expect.stringMatching(/^bad-/),
    reason: expect.stringContaining('address'),
  });
  expect(await global.metrics.text()).toMatch(/^kds_refused_resources\{[^}]*zoneToGlobal[^}]*\} 1$/m);
  await zone.opened.controlPlane.put({ draft: dataplane('bad', '10.0.0.2'), author });
  await eventually(global.opened, () => copyOf(global.opened, 'Dataplane', 'bad'), 'the better form');
  await eventually(global.opened, () => !syncOf(global)?.zoneToGlobal?.refused, 'the end of the refusal');
  // Nobody takes what was refused for a difference.
  expect(await global.metrics.text()).not.toContain('kds_repairs_total{');
});
