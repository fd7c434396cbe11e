import { describe, expect, it } from 'vitest';
import { hashedName, parseWireName, wireName } from './names.js';

describe('hashedName', () => {
  it.each([
    ['default', 'mesh-timeout-all-default', undefined, 'mesh-timeout-all-default-bv8z44b7bzb99xc7'],
    ['default', 'redis-zone-1', 'zone-1', 'redis-zone-1-2v6wfvvcvbc9f55d'],
    ['', 'synced-universal-mesh-service', undefined, 'synced-universal-mesh-service-46484vczc724vc29'],
    ['default', 'dp0', 'w1', 'dp0-44278wvwzv8b8cx2'],
    ['default', 'lat', undefined, 'lat-x9x245xdvwx44wc7'],
    ['default', 'echo-1', 'z1', 'echo-1-8zcfzb57dbcbdc58'],
    ['', 'ingress-01', 'z1', 'ingress-01-449bbzz9dz5fxvd5'],
  ])('gives the name Kuma gives: mesh "%s", %s, zone %s', (mesh, base, zone, expected) => {
    expect(hashedName({ mesh, base, zone })).toBe(expected);
  });

  it('keeps within the longest name', () => {
    expect(hashedName({ mesh: 'm', base: 'x'.repeat(253) })).toHaveLength(253);
  });
});

describe('wire names', () => {
  it('are split at the last dot, so that dotted names survive', () => {
    expect(parseWireName(wireName('a.b', 'mesh'))).toEqual({ name: 'a.b', mesh: 'mesh' });
    expect(parseWireName(wireName('default', ''))).toEqual({ name: 'default', mesh: '' });
    expect(parseWireName('nodot')).toBeUndefined();
    expect(parseWireName('.m')).toBeUndefined();
  });
});
