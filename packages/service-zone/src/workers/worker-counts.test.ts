import { describe, expect, it } from 'vitest';
import { coresOfQuota, workerCounts } from './worker-counts.js';

describe('workers for streams', () => {
  it.each([
    [1, 0],
    [2, 0],
    [3, 2],
    [8, 7],
  ])('are, on %i cores and unless told otherwise, %i', (cores, max) => {
    expect(workerCounts({ count: 'auto', connectionsEach: 200 }, () => cores)).toEqual({ max, connectionsEach: 200 });
  });

  it('are as many as the configuration says, whatever the machine', () => {
    expect(workerCounts({ count: 1, connectionsEach: 0 }, () => 1)).toEqual({ max: 1, connectionsEach: 0 });
  });

  it.each([
    ['400000 100000\n', 4],
    ['150000 100000\n', 1],
    ['50000 100000\n', 1],
    ['max 100000\n', Number.POSITIVE_INFINITY],
    ['', Number.POSITIVE_INFINITY],
    ['nonsense', Number.POSITIVE_INFINITY],
  ])('count the whole cores of the quota %j', (quota, cores) => {
    expect(coresOfQuota(quota)).toBe(cores);
  });
});
