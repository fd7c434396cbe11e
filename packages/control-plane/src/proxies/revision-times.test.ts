import { describe, expect, it } from 'vitest';
import { RevisionTimes } from './revision-times.js';

describe('RevisionTimes', () => {
  it('tells when the first change after a revision came, and nothing where there is none', () => {
    const times = new RevisionTimes(3);
    times.note(5);
    const between = performance.now();
    times.note(8);
    expect(times.after(4)).toBe(times.after(3));
    expect(times.after(4)).toBeLessThanOrEqual(between);
    expect(times.after(5)).toBeGreaterThanOrEqual(between);
    expect(times.after(8)).toBeUndefined();
  });

  it('does not guess about changes it has not seen or has forgotten', () => {
    const times = new RevisionTimes(100);
    expect(times.after(99)).toBeUndefined();
    for (let revision = 101; revision < 20_000; revision++) times.note(revision);
    expect(times.after(101)).toBeUndefined();
    expect(times.after(19_990)).toBeDefined();
  });

  it('knows nothing for a proxy that has accepted nothing yet', () => {
    const times = new RevisionTimes(-1);
    times.note(0);
    expect(times.after(-1)).toBeUndefined();
  });
});
