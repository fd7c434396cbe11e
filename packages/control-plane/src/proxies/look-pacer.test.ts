import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LookPacer } from './look-pacer.js';

describe('the pacer of looks', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** Looks, each of which brings about work of `costMs`, and when they came. */
  function pacing(costMs: () => number) {
    const beginMs = performance.now();
    const looks: number[] = [];
    const pacer: LookPacer = new LookPacer(() => {
      looks.push(performance.now() - beginMs);
      pacer.worked(costMs());
    });
    return { pacer, looks };
  }

  it('looks at once when idle, once for all changes of a turn', () => {
    const { pacer, looks } = pacing(() => 0);
    for (let i = 0; i < 3; i++) pacer.trigger();
    vi.advanceTimersByTime(1);
    expect(looks).toEqual([0]);
  });

  it('waits as long as the last look cost, and never longer than 100 ms', () => {
    let costMs = 40;
    const { pacer, looks } = pacing(() => costMs);
    pacer.trigger();
    vi.advanceTimersByTime(10);
    costMs = 5000;
    pacer.trigger();
    vi.advanceTimersByTime(30);
    pacer.trigger();
    vi.advanceTimersByTime(200);
    expect(looks).toEqual([0, 40, 140]);
  });

  it('does not wait with what is urgent, also where a look is due later', () => {
    const { pacer, looks } = pacing(() => 5000);
    pacer.trigger();
    vi.advanceTimersByTime(10);
    pacer.trigger();
    pacer.trigger('now');
    vi.advanceTimersByTime(200);
    expect(looks).toEqual([0, 10]);
  });

  it('gathers what nobody waits for, for as long as the last look was work, at most 100 ms, and looks at once when idle', () => {
    let costMs = 2;
    const { pacer, looks } = pacing(() => costMs);
    pacer.trigger('later');
    vi.advanceTimersByTime(10);
    pacer.trigger('later');
    costMs = 50;
    vi.advanceTimersByTime(40);
    pacer.trigger('later');
    vi.advanceTimersByTime(30);
    pacer.trigger('later');
    vi.advanceTimersByTime(200);
    expect(looks).toEqual([0, 40, 140]);
  });

  it('lets what somebody waits for take along what nobody waits for', () => {
    const { pacer, looks } = pacing(() => 4);
    pacer.trigger();
    vi.advanceTimersByTime(1);
    pacer.trigger('later');
    pacer.trigger('soon');
    vi.advanceTimersByTime(200);
    expect(looks).toEqual([0, 4]);
  });

  it('does nothing after it was stopped', () => {
    const { pacer, looks } = pacing(() => 0);
    pacer.trigger();
    pacer.stop();
    pacer.trigger('now');
    vi.advanceTimersByTime(1000);
    expect(looks).toEqual([]);
  });
});
