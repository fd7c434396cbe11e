import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeaderWatch, LOOK_MS, PATIENCE_MAX_MS, PATIENCE_MIN_MS } from './leader-watch.js';

/** A leader and a candidate by a clock that stands still but for what a test does. */
class World {
  readonly watch = new LeaderWatch();
  nowMs = 1_000_000;
  beatMs: number | undefined = this.nowMs;
  fence = '1';
  patienceMs = PATIENCE_MIN_MS;

  /** Looks as often as the watch asks until it finds the leader silent or the time is over; when it was found silent. */
  run(forMs: number, says: (nowMs: number) => boolean): number | undefined {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; ) {
      const { fence, nowMs, beatMs, patienceMs } = this;
      const { isSilent, nextMs } = this.watch.look({ fence, nowMs, beatMs, patienceMs });
      if (isSilent) return this.nowMs;
      expect(nextMs).toBeGreaterThan(0);
      for (let ms = 0; ms < Math.ceil(nextMs); ms++) if (says(++this.nowMs)) this.beatMs = this.nowMs;
    }
    return undefined;
  }

  /** The leader says a word every so many ms. */
  runBeating(forMs: number, everyMs = 150): number | undefined {
    return this.run(forMs, (nowMs) => nowMs % everyMs === 0);
  }

  /** It says nothing for so long, and then a word. */
  runPause(forMs: number): number | undefined {
    const foundMs = this.run(forMs, () => false);
    this.beatMs = this.nowMs;
    return foundMs;
  }

  runSilent(forMs = 20_000): number | undefined {
    return this.run(forMs, () => false);
  }
}

describe('a candidate that watches a leader', () => {
  it('finds it silent once its patience is over, and no later than a moment', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 5_000 }), (beatingMs) => {
        const world = new World();
        expect(world.runBeating(beatingMs)).toBeUndefined();
        const beatMs = world.beatMs ?? 0;
        const foundMs = (world.runSilent() ?? Number.POSITIVE_INFINITY) - beatMs;
        expect(foundMs).toBeGreaterThanOrEqual(PATIENCE_MIN_MS);
        expect(foundMs).toBeLessThan(PATIENCE_MIN_MS + 10);
      }),
    );
  });

  it('never finds one silent that speaks within the patience, however irregularly', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: PATIENCE_MIN_MS - 10 }), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(gaps, (pauses) => {
        const world = new World();
        for (const pause of pauses) expect(world.runPause(pause)).toBeUndefined();
      }),
    );
  });

  it('does not count as silence what it did not watch: it, or the server, stood still', () => {
    fc.assert(
      fc.property(fc.integer({ min: LOOK_MS * 3, max: 600_000 }), (stoodStillMs) => {
        const world = new World();
        world.runBeating(2_000);
        world.nowMs += stoodStillMs;
        const from = world.nowMs;
        const foundMs = world.runSilent();
        expect((foundMs ?? 0) - from).toBeGreaterThanOrEqual(PATIENCE_MIN_MS);
      }),
    );
  });

  it('waits longer for one that was silent for long and went on, and forgets that in minutes', () => {
    const world = new World();
    world.runBeating(1_000);
    world.runPause(PATIENCE_MIN_MS - 10);
    world.runBeating(1_000);
    const patience = (): number => {
      const beatMs = world.beatMs ?? 0;
      return (world.runSilent() ?? Number.POSITIVE_INFINITY) - beatMs;
    };
    expect(patience()).toBeGreaterThan(PATIENCE_MIN_MS * 1.3);
    world.beatMs = world.nowMs;
    world.runBeating(300_000);
    expect(patience()).toBeLessThan(PATIENCE_MIN_MS + 10);
  });

  it('waits as long as earlier takeovers suggest, but never longer than the lease', () => {
    const world = new World();
    world.patienceMs = 2_000;
    world.runBeating(1_000);
    const beatMs = world.beatMs ?? 0;
    expect((world.runSilent() ?? 0) - beatMs).toBeGreaterThanOrEqual(2_000);
    world.patienceMs = 60_000;
    world.beatMs = world.nowMs;
    world.runBeating(1_000);
    expect((world.runSilent() ?? Number.POSITIVE_INFINITY) - (world.beatMs ?? 0)).toBeLessThan(PATIENCE_MAX_MS + 10);
  });

  it('never finds one silent of whose words the server does not tell', () => {
    const world = new World();
    world.beatMs = undefined;
    expect(world.runSilent()).toBeUndefined();
  });

  it('begins anew with every leader', () => {
    const world = new World();
    world.runBeating(1_000);
    world.runPause(PATIENCE_MIN_MS - 10);
    world.fence = '2';
    world.beatMs = undefined;
    expect(world.runSilent(2_000)).toBeUndefined();
    world.beatMs = world.nowMs;
    world.runBeating(1_000);
    expect((world.runSilent() ?? Number.POSITIVE_INFINITY) - (world.beatMs ?? 0)).toBeLessThan(PATIENCE_MIN_MS + 10);
  });
});
