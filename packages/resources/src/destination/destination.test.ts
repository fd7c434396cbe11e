import type { JsonObject } from '@mesh/core';
import { expect, it } from 'vitest';
import { readDocument } from '../../test/read-document.js';
import { meshExternalService } from '../mesh-external-service/index.js';
import { meshMultiZoneService } from '../mesh-multi-zone-service/index.js';
import { meshService } from '../mesh-service/index.js';
import { snisOf } from './snis.js';

const META = { mesh: 'default', creationTime: '', modificationTime: '', version: 1 };
const LABELS = { 'kuma.io/zone': 'z1', 'kuma.io/display-name': 'redis' };

it('a destination has an SNI for each port, named after zone, mesh, shown name and port', () => {
  const ports: JsonObject[] = [{ port: 6379 }, { port: 80, name: 'web' }];
  const ofZone = { kind: 'MeshService', meta: { ...META, name: 'redis-abc', labels: LABELS }, spec: { ports } };
  expect(snisOf(meshService, ofZone)).toEqual([
    { port: 6379, sni: 'sni.msvc.default.z1.redis.6379' },
    { port: 80, sni: 'sni.msvc.default.z1.redis.web' },
  ]);
  const ofGlobal = { kind: 'MeshMultiZoneService', meta: { ...META, name: 'redis', labels: {} }, spec: { ports } };
  expect(snisOf(meshMultiZoneService, ofGlobal)[0]).toEqual({ port: 6379, sni: 'sni.mzsvc.default.redis.6379' });
  const namespaced = { ...LABELS, 'k8s.kuma.io/namespace': 'ns' };
  const external = { kind: 'MeshExternalService', meta: { ...META, name: 'x', labels: namespaced }, spec: { match: { port: 443 } } };
  expect(snisOf(meshExternalService, external)).toEqual([{ port: 443, sni: 'sni.extsvc.default.z1.ns.redis.443' }]);
});

it('names that fit neither host names nor SNIs are taken with a warning', () => {
  const warningsOf = (name: string, port: object) => {
    const spec = { selector: { dataplaneTags: { a: 'b' } }, ports: [{ port: 80, ...port }] };
    return readDocument({ type: 'MeshService', mesh: 'default', name, spec }).warnings.map((line) => line.slice(0, 50));
  };
  const rest = 'MeshService has no effect yet: it is checked, stor';
  expect(warningsOf('web', {})).toEqual([rest]);
  expect(warningsOf('a.b', {})).toEqual([
    "Invalid MeshService resource name: 'a.b'. It does ",
    'Invalid MeshService SNI (port "80"): name "a.b" is',
    rest,
  ]);
  expect(warningsOf('web', { name: 'We_b' })).toEqual(['Invalid MeshService SNI (port "We_b"): the name of', rest]);
  expect(warningsOf('web', { appProtocol: 'nope' })).toEqual(['spec.ports[0].appProtocol: "nope" is not known and', rest]);
});
