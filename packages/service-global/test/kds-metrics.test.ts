import { readFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { copyOf, eventually, startGlobal, startZone, useScope } from './deployment.fixture.js';

const author = { name: 'test' };
const WITHIN = { timeout: 10_000, interval: 10 };
const scope = useScope();

it('tells per zone how long a change takes to its ACK and how far the zone is behind, while it is connected', async () => {
  const global = await startGlobal(scope.dir);
  const zone = await startZone(scope.dir, { name: 'zone-1', port: global.port });
  scope.running.push(global);
  const text = () => global.metrics.text();
  await zone.sync.firstSync;
  expect(await text()).toMatch(/kds_zone_active_connections\{[^}]*\} 1\n/);
  const before = await text();
  expect(before).not.toContain('kds_nack_total{');
  expect(before).toMatch(/^leader\{[^}]*\} 1$/m);
  expect(before).toMatch(/^resources_count\{[^}]*resource_type="Zone"[^}]*\} 1$/m);
  await global.opened.controlPlane.put({ draft: { kind: 'Mesh', mesh: '', name: 'new', spec: {} }, author });
  await eventually(zone.opened, () => copyOf(zone.opened, 'Mesh', 'new'));
  const acked = /kds_write_to_ack_seconds_count\{[^}]*zone_name="zone-1"[^}]*\} [1-9]/;
  await vi.waitFor(async () => expect(await text()).toMatch(acked), WITHIN);
  await vi.waitFor(async () => expect(await text()).toMatch(/kds_zone_lag_revisions\{[^}]*zone_name="zone-1"[^}]*\} 0\n/), WITHIN);
  await zone.stop();
  await vi.waitFor(async () => expect(await text()).toMatch(/kds_zone_active_connections\{[^}]*\} 0\n/), WITHIN);
  expect(await text()).not.toContain('kds_zone_lag_revisions{');
}, 30_000);

it('has every metric that the alert rules ask for', async () => {
  const global = await startGlobal(scope.dir);
  scope.running.push(global);
  const rules = await readFile(new URL('../../../deploy/observability/alerts.yaml', import.meta.url), 'utf8');
  const asked = new Set(rules.match(/\bkds_[a-z_]+/g));
  const present = new Set(Array.from((await global.metrics.text()).matchAll(/^# TYPE (\S+)/gm), ([, name]) => name));
  expect(asked.size).toBeGreaterThan(0);
  expect([...asked].filter((name) => !present.has(name))).toEqual([]);
});
