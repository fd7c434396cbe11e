import { dataplane, externalService, mesh, resource, viewOf, zoneIngress } from '@mesh/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allocateVips,
  parseVipConfig,
  printVipConfig,
  storedVips,
  type VipAllocation,
  type VipSource,
  vipConfigDrafts,
  vipConfigMesh,
  vipConfigName,
  vipSources,
  vipsFromConfigs,
} from '../src/index.js';

const source = (mesh: string, name: string): VipSource => ({
  mesh,
  type: 'service',
  name,
  outbounds: [{ port: 80, tags: { 'kuma.io/service': name }, origin: 'service' }],
});
const addressOf = (allocation: VipAllocation, mesh: string, name: string) =>
  allocation.get(mesh)?.find((entry) => entry.name === name)?.address;
const cidr = '240.0.0.0/4';
const config = (name: string, text: string) => resource('Config', vipConfigName(name), '').withSpec({ config: text }).build();

describe('allocation of VIPs', () => {
  const names = fc.constantFrom('web', 'backend', 'redis', 'echo-server_kuma-test_svc_1010', 'a.b', 'Upper', '-', 'x y');
  const sources = fc.uniqueArray(fc.record({ mesh: fc.constantFrom('default', 'other'), name: names }), {
    selector: ({ mesh, name }) => `${mesh}/${name}`,
  });

  test('keeps every address that was given before, whatever comes and goes', () => {
    fc.assert(
      fc.property(sources, sources, (before, after) => {
        const first = allocateVips(
          new Map(),
          before.map(({ mesh, name }) => source(mesh, name)),
          { cidr },
        );
        const second = allocateVips(
          first,
          after.map(({ mesh, name }) => source(mesh, name)),
          { cidr },
        );
        for (const [mesh, entries] of second) {
          for (const entry of entries) {
            const known = addressOf(first, mesh, entry.name);
            if (known !== undefined) expect(entry.address).toBe(known);
          }
        }
      }),
    );
  });

  test('gives a name one address in all meshes, and no address to two names', () => {
    fc.assert(
      fc.property(sources, (list) => {
        const owners = new Map<string, string>();
        for (const entries of allocateVips(
          new Map(),
          list.map(({ mesh, name }) => source(mesh, name)),
          { cidr },
        ).values()) {
          for (const { name, address } of entries) expect(owners.set(address, owners.get(address) ?? name).get(address)).toBe(name);
        }
        expect(new Set(owners.values()).size).toBe(owners.size);
      }),
    );
  });

  test('does not depend on the order of the sources', () => {
    const list = [source('default', 'a'), source('other', 'b'), source('default', 'b')];
    expect(allocateVips(new Map(), list, { cidr })).toEqual(allocateVips(new Map(), [...list].reverse(), { cidr }));
  });

  test('passes over names that DNS cannot carry', () => {
    expect(allocateVips(new Map(), [source('default', 'Upper'), source('default', '_x')], { cidr }).size).toBe(0);
  });

  test('gives up addresses outside the range, and says when the range is used up', () => {
    const old = allocateVips(new Map(), [source('default', 'a')], { cidr: '10.0.0.0/24' });
    expect(addressOf(allocateVips(old, [source('default', 'a')], { cidr }), 'default', 'a')).toBe('240.0.0.1');
    expect(() => allocateVips(new Map(), [source('m', 'a'), source('m', 'b')], { cidr: '10.0.0.0/31' })).toThrow(RangeError);
  });

  test('works in a range of IPv6', () => {
    expect(addressOf(allocateVips(new Map(), [source('m', 'a')], { cidr: 'fd00::/64' }), 'm', 'a')).toBe('fd00::1');
  });
});

describe('the Config resource of VIPs', () => {
  const entries = [
    { type: 'service' as const, name: 'backend', address: '240.0.0.1', outbounds: source('m', 'backend').outbounds },
    {
      type: 'host' as const,
      name: 'httpbin.org',
      address: '240.0.0.2',
      outbounds: [{ port: 443, tags: { 'kuma.io/service': 'httpbin' }, origin: 'external-service:httpbin' }],
    },
  ];

  test('is read as it was written', () => expect(parseVipConfig(printVipConfig(entries))).toEqual(entries));

  test('is printed as Kuma 2.14 stores it, byte for byte', () => {
    const outbounds = (port: number, service: string, origin: string) => [{ port, tags: { 'kuma.io/service': service }, origin }];
    const text = printVipConfig([
      { type: 'host', name: '10.0.0.9', address: '10.0.0.9', outbounds: outbounds(80, 'ext', 'external-service:ext') },
      { type: 'service', name: 'web', address: '240.0.0.2', outbounds: outbounds(0, 'web', 'service') },
      { type: 'service', name: 'api', address: '240.0.0.1', outbounds: outbounds(0, 'api', 'service') },
    ]);
    expect(text).toBe(
      '{"0:api":{"address":"240.0.0.1","outbounds":[{"Port":0,"TagSet":{"kuma.io/service":"api"},"Origin":"service"}]},' +
        '"0:web":{"address":"240.0.0.2","outbounds":[{"Port":0,"TagSet":{"kuma.io/service":"web"},"Origin":"service"}]},' +
        '"1:10.0.0.9":{"address":"10.0.0.9","outbounds":[{"Port":80,"TagSet":{"kuma.io/service":"ext"},"Origin":"external-service:ext"}]}}',
    );
  });

  test('is read in the tag-first form too', () => {
    const tagFirst = {
      backend: { oe: [{ t: { 'kuma.io/service': 'backend' }, ap: [{ a: '240.0.0.1', d: 'backend', p: 80, o: 'service' }] }] },
    };
    expect(parseVipConfig(JSON.stringify({ v: tagFirst }))).toEqual([entries[0]]);
  });

  test('never makes reading fail, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((v) => JSON.stringify({ v: { a: { oe: [{ ap: [v] }, v] }, b: v } })),
        ),
        (text) => {
          expect(Array.isArray(parseVipConfig(text))).toBe(true);
        },
      ),
    );
  });

  test('carries the mesh in its name', () => {
    expect(vipConfigMesh(vipConfigName('a-b'))).toBe('a-b');
    expect(vipConfigMesh('kuma-cluster-id')).toBeUndefined();
    expect(vipConfigMesh('kuma-dns-vips')).toBeUndefined();
  });
});

describe('VIPs of a view', () => {
  const view = viewOf(
    mesh().build(),
    mesh('exclusive')
      .withSpec({ meshServices: { mode: 'Exclusive' } })
      .build(),
    dataplane('a').inbound('web', 80).inbound('ignored', 81, { state: 'Ignored' }).build(),
    dataplane('b').inMesh('exclusive').inbound('hidden', 80).build(),
    zoneIngress().zone('zone-2').offers('billing').build(),
    externalService('httpbin', 'httpbin.org:443').build(),
  );

  test('are for services of dataplanes, of other zones and outside the mesh', () => {
    const names = vipSources(view).map((s) => `${s.mesh}/${s.type}/${s.name}`);
    expect(names.sort()).toEqual(['default/host/httpbin.org', 'default/service/billing', 'default/service/httpbin', 'default/service/web']);
  });

  test('lead to every port of external services that share a name or a host, and to hosts that are addresses', () => {
    const shared = viewOf(
      mesh().build(),
      externalService('one', 'ext.test:443', { 'kuma.io/service': 'ext' }).build(),
      externalService('two', 'ext.test:8443', { 'kuma.io/service': 'ext' }).build(),
      externalService('three', '10.1.1.1:7000', {}).build(),
    );
    const allocation = allocateVips(new Map(), vipSources(shared), { cidr });
    const text = printVipConfig(allocation.get('default') ?? []);
    const vips = vipsFromConfigs(viewOf(config('default', text)));
    expect(vips.map((vip) => [vip.name, vip.hostnames, vip.outbounds.map((o) => [o.port, o.origin])])).toEqual([
      ['10.1.1.1', [], [[7000, 'external-service:three']]],
      [
        'ext',
        ['ext.mesh'],
        [
          [443, 'service'],
          [8443, 'service'],
        ],
      ],
      [
        'ext.test',
        ['ext.test'],
        [
          [443, 'external-service:one'],
          [8443, 'external-service:two'],
        ],
      ],
      ['three', ['three.mesh'], [[7000, 'service']]],
    ]);
    expect(vips[0]).toMatchObject({ address: '10.1.1.1', isHostAddress: true });
  });

  test('are written once: a stored allocation that is still right is not written again', () => {
    const allocation = allocateVips(storedVips(view), vipSources(view), { cidr });
    const [draft] = vipConfigDrafts(view, allocation);
    expect(draft).toMatchObject({ kind: 'Config', name: 'kuma-default-dns-vips', owner: { kind: 'Mesh', name: 'default' } });
    const stored = viewOf(mesh().build(), config('default', String((draft as { spec: { config: string } }).spec.config)));
    expect(vipConfigDrafts(stored, allocation)).toEqual([]);
  });

  test('come with the names DNS answers for: as they are, and with dots for underscores', () => {
    const text = printVipConfig([
      { type: 'service', name: 'a_b_svc_80', address: '240.0.0.9', outbounds: source('default', 'a_b_svc_80').outbounds },
    ]);
    expect(vipsFromConfigs(viewOf(config('default', text)))).toMatchObject([
      { mesh: 'default', address: '240.0.0.9', port: 80, hostnames: ['a_b_svc_80.mesh', 'a.b.svc.80.mesh'] },
    ]);
  });
});
