import type { JsonObject, Resource } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { mayNeedVips } from './vip-relevance.js';

const KEY = { kind: 'Dataplane', mesh: 'default', name: 'a' };

function dataplane(inbound: object): Resource {
  const meta = { name: 'a', mesh: 'default', labels: {}, creationTime: '', modificationTime: '', version: 1 };
  const networking = { address: '10.0.0.1', inbound: [{ port: 80, tags: { 'kuma.io/service': 'web' }, ...inbound }] };
  return { kind: KEY.kind, meta, spec: { networking } as JsonObject };
}

const none = () => false;
const covers = (mesh: string, service: string) => mesh === 'default' && service === 'web';

describe('VIPs', () => {
  it('are not looked at when an endpoint moves', () => {
    expect(mayNeedVips({ op: 'put', key: KEY, before: dataplane({}), after: dataplane({ port: 81 }) }, covers)).toBe(false);
    expect(mayNeedVips({ op: 'put', key: { ...KEY, kind: 'DataplaneInsight' }, after: dataplane({}) }, none)).toBe(false);
  });

  it.each([
    ['another service', { tags: { 'kuma.io/service': 'api' } }],
    ['an inbound that is ignored', { state: 'Ignored' }],
    ['an inbound that is of no service', { port: 49_151 }],
  ])('are looked at when a dataplane has %s', (_what, inbound) => {
    expect(mayNeedVips({ op: 'put', key: KEY, before: dataplane({}), after: dataplane(inbound) }, covers)).toBe(true);
  });

  it('are looked at when a dataplane comes with a service that has none, not with one that has', () => {
    const comes = { op: 'put', key: KEY, after: dataplane({}) } as const;
    expect(mayNeedVips(comes, none)).toBe(true);
    expect(mayNeedVips({ ...comes, key: { ...KEY, mesh: 'other' } }, covers)).toBe(true);
    expect(mayNeedVips(comes, covers)).toBe(false);
  });

  it('are looked at when a dataplane goes, and when a mesh changes', () => {
    expect(mayNeedVips({ op: 'delete', key: KEY, before: dataplane({}) }, covers)).toBe(true);
    const mesh = { op: 'put', key: { kind: 'Mesh', mesh: '', name: 'default' }, before: dataplane({}), after: dataplane({}) } as const;
    expect(mayNeedVips(mesh, covers)).toBe(true);
  });
});
