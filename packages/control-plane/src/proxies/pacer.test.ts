import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pacer } from './pacer.js';

describe('the pacer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('starts at once when idle', async () => {
    const work = vi.fn(async () => {});
    const pacer = new Pacer(work);
    pacer.trigger();
    pacer.trigger();
    await vi.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledOnce();
  });

  it('pauses as long as the last batch took, and never longer than 100 ms', async () => {
    let costMs = 40;
    const starts: number[] = [];
    const pacer = new Pacer(async () => {
      starts.push(Date.now());
      await new Promise((resolve) => setTimeout(resolve, costMs));
    });
    const begin = Date.now();
    pacer.trigger();
    await vi.advanceTimersByTimeAsync(10);
    pacer.trigger();
    await vi.advanceTimersByTimeAsync(110);
    costMs = 5000;
    await vi.advanceTimersByTimeAsync(1000);
    pacer.trigger();
    await vi.advanceTimersByTimeAsync(10);
    pacer.trigger();
    await vi.advanceTimersByTimeAsync(10_000);
    const [first = 0, second = 0, third = 0, fourth = 0] = starts.map((start) => start - begin);
    expect(second - first).toBe(80);
    expect(fourth - third).toBeLessThanOrEqual(5101);
    expect(starts).toHaveLength(4);
  });

  it('does nothing after it was stopped', async () => {
    const work = vi.fn(async () => {});
    const pacer = new Pacer(work);
    pacer.trigger();
    pacer.stop();
    pacer.trigger();
    await vi.advanceTimersByTimeAsync(1000);
    expect(work).not.toHaveBeenCalled();
  });
});
