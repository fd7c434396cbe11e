import { describe, expect, it } from 'vitest';
import { hashedName, parseWireName, wireName } from './names.js';

describe('hashedName', () => {
  it.each([
    [{ mesh: 'default', base: 'mesh-timeout-all-default', zone: undefined }, 'mesh-timeout-all-default-bv8z44b7bzb99xc7'],
    [{ mesh: 'default', base: 'redis-zone-1', zone: 'zone-1' }, 'redis-zone-1-2v6wfvvcvbc9f55d'],
    [{ mesh: '', base: 'synced-universal-mesh-service', zone: undefined }, 'synced-universal-mesh-service-46484vczc724vc29'],
    [{ mesh: 'default', base: 'dp0', zone: 'w1' }, 'dp0-44278wvwzv8b8cx2'],
    [{ mesh: 'default', base: 'lat', zone: undefined }, 'lat-x9x245xdvwx44wc7'],
    [{ mesh: 'default', base: 'echo-1', zone: 'z1' }, 'echo-1-8zcfzb57dbcbdc58'],
    [{ mesh: '', base: 'ingress-01', zone: 'z1' }, 'ingress-01-449bbzz9dz5fxvd5'],
  ])('gives the name Kuma gives: %j is %s', (parts, expected) => {
    expect(hashedName(parts)).toBe(expected);
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
