import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BEAT_INTERVAL_MS, Pulse } from './pulse.js';

describe('the pulse of a stream', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  function start(patience?: number) {
    const silent: number[] = [];
    let beats = 0;
    const pulse = new Pulse({
      intervalMs: BEAT_INTERVAL_MS,
      beat: () => void beats++,
      onSilent: (ms) => void silent.push(ms),
      ...(patience === undefined ? {} : { patience }),
    });
    return { pulse, silent, beats: () => beats };
  }

  it('ends a stream within 15 seconds of the last sign of life, once', () => {
    const { pulse, silent } = start();
    pulse.judge();
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(3_900);
      pulse.heard();
    }
    expect(silent).toEqual([]);
    vi.advanceTimersByTime(14_999);
    expect(silent).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    expect(silent).toHaveLength(1);
  });

  it('does not judge a peer that is not known to send beats', () => {
    const { silent, beats } = start();
    vi.advanceTimersByTime(60_000);
    expect([silent, beats()]).toEqual([[], 15]);
  });

  it('waits longer where it was told to be patient', () => {
    const { pulse, silent } = start(2);
    pulse.judge();
    vi.advanceTimersByTime(16_000);
    expect(silent).toEqual([]);
    vi.advanceTimersByTime(8_000);
    expect(silent).toHaveLength(1);
  });

  it('blames nobody for the time its own process stood still', () => {
    const { pulse, silent } = start();
    pulse.judge();
    // Timers of a stopped process fire once, late.
    vi.setSystemTime(0);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    vi.advanceTimersByTime(4_000);
    expect(silent).toEqual([]);
  });
});
