import { describe, expect, it } from 'vitest';
import { addressOption, apiOption, countOption, durationOption, rateOption, zonesOf } from '../src/options.js';

describe('options of kuma-fleet', () => {
  it.each([
    ['https://localhost:5678', { host: 'localhost', port: 5678 }],
    ['grpcs://10.0.0.1:5678/', { host: '10.0.0.1', port: 5678 }],
    ['https://[::1]:5678', { host: '::1', port: 5678 }],
  ])('takes %s as a control plane', (text, address) => {
    expect(addressOption(text, undefined)).toEqual([address]);
  });

  it('collects several control planes', () => {
    expect(addressOption('https://b:2', addressOption('https://a:1', undefined))).toHaveLength(2);
  });

  it.each(['localhost:5678', 'http://localhost:5678', 'https://localhost'])('refuses %s', (text) => {
    expect(() => addressOption(text, undefined)).toThrow('https://host:port');
  });

  it('reads durations, counts and rates, and refuses what is none', () => {
    expect([durationOption('1m30s'), durationOption('0'), countOption(1)('7'), rateOption('0.5')]).toEqual([90_000, 0, 7, 0.5]);
    expect(() => durationOption('soon')).toThrow('30s');
    expect(() => countOption(1)('0')).toThrow('from 1');
    expect(() => rateOption('-1')).toThrow('rate');
  });

  const [a, b, c] = ['a', 'b', 'c'].map((host) => ({ host, port: 1 })) as [{ host: string; port: number }, never, never];
  const two = { zones: 2, cpAddress: [a, b, c], apiAddress: ['http://a', 'http://b'], policyChanges: 0 };

  it('gives each zone its control planes in turns, and its API', () => {
    expect(zonesOf(two)).toEqual([
      { controlPlanes: [a, c], api: 'http://a' },
      { controlPlanes: [b], api: 'http://b' },
    ]);
    expect(zonesOf({ ...two, zones: 1, apiAddress: [] })).toEqual([{ controlPlanes: [a, b, c], api: 'http://localhost:5681' }]);
  });

  it('says what zones lack: a control plane, an API, a place for policies of all of them', () => {
    expect(() => zonesOf({ ...two, cpAddress: [a] })).toThrow('--cp-address 2 times');
    expect(() => zonesOf({ ...two, apiAddress: [] })).toThrow('--api-address 2 times');
    expect(() => zonesOf({ ...two, policyChanges: 1 })).toThrow('--global-api-address');
    expect(zonesOf({ ...two, policyChanges: 1, globalApiAddress: 'http://g' })).toHaveLength(2);
  });

  it('takes an API without a path', () => {
    expect(apiOption('http://localhost:5681/', [])).toEqual(['http://localhost:5681']);
    expect(() => apiOption('localhost:5681', [])).toThrow('http://host:port');
  });
});
