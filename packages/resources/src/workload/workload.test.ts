import { resource } from '@mesh/testing';
import { expect, it } from 'vitest';
import { readDocument, violationsIn } from '../../test/read-document.js';
import { toDocument } from '../codec/print.js';
import { workload } from './index.js';

it('a Workload without proxies counts none', () => {
  const { draft } = readDocument({ type: 'Workload', mesh: 'default', name: 'web', spec: { ignored: true } });
  expect(draft.spec).toEqual({});
  expect(toDocument(workload, resource('Workload', 'web').withSpec({}).build()).status).toEqual({
    dataplaneProxies: { connected: 0, healthy: 0, total: 0 },
  });
});

it('a document of a plugin kind has a spec, be it empty', () => {
  expect(violationsIn({ type: 'Workload', mesh: 'default', name: 'web' })).toEqual(['spec: in body is required']);
  expect(violationsIn({ type: 'Workload', mesh: 'default', name: 'web', spec: null })).toHaveLength(1);
});

it('a MeshZoneAddress needs a host and a port', () => {
  const fieldsOf = (spec: object) => {
    try {
      readDocument({ type: 'MeshZoneAddress', mesh: 'default', name: 'a', spec });
      return [];
    } catch (error) {
      return (error as { violations: { field: string }[] }).violations.map(({ field }) => field);
    }
  };
  expect(fieldsOf({})).toEqual(['spec.address', 'spec.port']);
  expect(fieldsOf({ address: '', port: 70000 })).toEqual(['spec.address', 'spec.port']);
  expect(fieldsOf({ address: 'a_b', port: 1 })).toEqual([]);
});
