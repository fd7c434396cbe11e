import type { Logger } from '@mesh/core';
import { mesh, viewOf, zoneIngress } from '@mesh/testing';
import { buildMeshContext, type MeshContext } from '@mesh/xds';
import { expect, test } from 'vitest';
import { CrossZoneWarnings } from './cross-zone-warnings.js';

const ingress = zoneIngress('in-2').zone('zone-2').advertised('192.168.9.9').offers('billing').build();

function contextOf(mtls: boolean): MeshContext {
  const spec = mtls ? mesh().mtls() : mesh();
  const view = viewOf(spec.build(), ingress);
  const context = buildMeshContext({ view, mesh: 'default', zone: 'zone-1', policyKinds: [], vips: { port: 80, domain: 'mesh' } });
  if (!context) throw new Error('the view has the mesh');
  return context;
}

test('services of other zones that a mesh without mTLS cannot reach are logged once for each change', () => {
  const lines: unknown[] = [];
  const record = (level: string) => (fields: object) => lines.push({ level, ...fields });
  const warnings = new CrossZoneWarnings({ warn: record('warn'), info: record('info') } as unknown as Logger);
  for (const mtls of [true, false, false, true, true, false]) warnings.observe(contextOf(mtls));
  const warned = { level: 'warn', mesh: 'default', services: ['billing'], zones: ['zone-2'] };
  expect(lines).toEqual([warned, { level: 'info', mesh: 'default' }, warned]);
});
