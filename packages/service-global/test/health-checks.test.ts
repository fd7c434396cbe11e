import { isZoneOnline } from '@mesh/control-plane';
import type { ZoneInsightSpec } from '@mesh/resources';
import { expect, it } from 'vitest';
import { eventually, startGlobal, startZone, useScope } from './deployment.fixture.js';
import { keptLog } from './log.fixture.js';
import { Relay } from './relay.fixture.js';

const scope = useScope();

it('a zone of which no health check comes any more is ended after zoneHealthCheck.timeout, and no other one', async () => {
  const { log, lines } = keptLog();
  const env = {
    KUMA_MULTIZONE_GLOBAL_KDS_ZONE_HEALTH_CHECK_POLL_INTERVAL: '50ms',
    KUMA_MULTIZONE_GLOBAL_KDS_ZONE_HEALTH_CHECK_TIMEOUT: '3s',
  };
  const global = await startGlobal(scope.dir, { env, log });
  scope.running.push(global);
  const relay = await Relay.start(global.port);
  scope.running.push(relay);
  // The pulse of the streams would notice as well, and is to come too late for that.
  const beatIntervalMs = 60_000;
  for (const [name, port] of [
    ['zone-1', relay.port],
    ['zone-2', global.port],
  ] as const) {
    const zone = await startZone(scope.dir, { name, port, beatIntervalMs });
    scope.running.push(zone);
    await zone.sync.firstSync;
  }
  const { opened } = global;
  const isOnline = (zone: string) => isZoneOnline(opened.view.find<ZoneInsightSpec>('ZoneInsight', '', zone)?.spec);
  const silent = () => lines.flatMap(({ text }) => /^a zone fell silent.*"zone":"([^"]*)"/.exec(text)?.[1] ?? []);
  await eventually(opened, () => isOnline('zone-1') && isOnline('zone-2'), 'both zones online');
  relay.silence();
  await eventually(opened, () => !isOnline('zone-1'), 'the silent zone offline');
  expect(silent()).toEqual(['zone-1']);
  expect(isOnline('zone-2')).toBe(true);
});
