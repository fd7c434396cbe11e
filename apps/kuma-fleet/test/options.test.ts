import { describe, expect, it } from 'vitest';
import { addressOption, countOption, durationOption, rateOption } from '../src/options.js';

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
});
