import { isZoneOnline } from '@mesh/control-plane';
import type { ZoneInsightSpec } from '@mesh/resources';
import { describe, expect, it } from 'vitest';
import { copyOf, eventually, startGlobal, startZone, useScope } from './deployment.fixture.js';
import { OtherVersion, type OtherVersionOptions } from './other-version.fixture.js';

const author = { name: 'test' };
const dataplane = {
  networking: { address: '10.0.0.1', inbound: [{ port: 8080, tags: { 'kuma.io/service': 'web', 'kuma.io/zone': 'zone-1' } }] },
};
const to = [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '1s' } }];
const meshTimeout = (name: string, spec: object) => ({ kind: 'MeshTimeout', mesh: 'default', name, spec });

describe('a zone and a global of different versions', () => {
  const scope = useScope();

  async function start(versions: Pick<OtherVersionOptions, 'end' | 'is'>) {
    const global = await startGlobal(scope.dir, { env: { KUMA_MULTIZONE_GLOBAL_KDS_TLS_ENABLED: 'false' }, beatIntervalMs: 2_000 });
    scope.running.push(global);
    const between = await OtherVersion.start({ global: global.port, ...versions });
    scope.running.push(between);
    const env = { KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: `grpc://127.0.0.1:${between.port}` };
    const zone = await startZone(scope.dir, { name: 'zone-1', port: between.port, env, beatIntervalMs: 2_000 });
    scope.running.push(zone);
    await zone.sync.firstSync;
    const insight = () => global.opened.view.find<ZoneInsightSpec>('ZoneInsight', '', 'zone-1')?.spec;
    return { global: global.opened, zone: zone.opened, between, insight };
  }

  it.each([
    { end: 'zone', is: 'older' },
    { end: 'zone', is: 'newer' },
    { end: 'global', is: 'older' },
    { end: 'global', is: 'newer' },
  ] as const)('sync both ways on one stream, additions and removals, where the $end is $is', async (versions) => {
    const { global, zone, between, insight } = await start(versions);
    const isOldZone = versions.end === 'zone' && versions.is === 'older';
    await eventually(global, () => isZoneOnline(insight()), 'the zone online');

    await global.controlPlane.put({ draft: meshTimeout('old-form', { targetRef: { kind: 'Mesh' }, to }), author });
    await global.controlPlane.put({ draft: meshTimeout('new-form', { to }), author });
    await global.controlPlane.put({ draft: { kind: 'Mesh', mesh: '', name: 'goes', spec: {} }, author });
    await eventually(zone, () => copyOf(zone, 'MeshTimeout', 'old-form') && zone.view.find('Mesh', '', 'goes'), 'what the global made');
    await zone.controlPlane.put({ draft: { kind: 'Dataplane', mesh: 'default', name: 'web-1', spec: dataplane }, author });
    const copy = await eventually(global, () => copyOf(global, 'Dataplane', 'web-1'), 'what the zone made');
    expect(copy.meta.owner).toEqual({ kind: 'Zone', mesh: '', name: 'zone-1' });

    await global.controlPlane.delete({ key: { kind: 'Mesh', mesh: '', name: 'goes' }, author });
    await eventually(zone, () => !zone.view.find('Mesh', '', 'goes'), 'a removal of the global');
    await zone.controlPlane.delete({ key: { kind: 'Dataplane', mesh: 'default', name: 'web-1' }, author });
    await eventually(global, () => global.view.count('Dataplane') === 0, 'a removal of the zone');

    // A form is sent to those who say that they know it, whatever their version.
    if (isOldZone) expect(copyOf(zone, 'MeshTimeout', 'new-form')).toBeUndefined();
    else await eventually(zone, () => copyOf(zone, 'MeshTimeout', 'new-form'), 'a form that the zone knows');
    expect(copy.meta.name).toMatch(isOldZone ? /^zone-1\.web-1/ : /^web-1-[a-z0-9]{16}$/);
    expect([...between.answers].sort()).toEqual(versions.is === 'newer' ? ['acknowledged', 'response'] : []);
    expect(insight()?.subscriptions).toHaveLength(1);
    if (versions.end === 'zone')
      expect(insight()?.subscriptions?.[0]?.version?.kumaCp?.version).toBe(versions.is === 'older' ? '0.1.0' : '99.0.0');
  });
});
