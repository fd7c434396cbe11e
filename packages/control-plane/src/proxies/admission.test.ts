import { describe, expect, it, vi } from 'vitest';
import { Admission, type Admitted } from './admission.js';

/** Enters, and notes who was let in. */
function entering(admission: Admission, letIn: string[]) {
  return (name: string, signal?: AbortSignal): Promise<Admitted> =>
    admission.enter(signal).then((admitted) => {
      letIn.push(name);
      return admitted;
    });
}

describe('admission of proxies', () => {
  it('lets so many in at once, and the next, in order, when one has what it needs', async () => {
    const admission = new Admission({ atOnce: 2 });
    const letIn: string[] = [];
    const enter = entering(admission, letIn);
    const [first] = await Promise.all([enter('a'), enter('b')]);
    const third = enter('c');
    const fourth = enter('d');
    expect(admission.waitingCount).toBe(2);
    expect(letIn).toEqual(['a', 'b']);
    first.release();
    first.release();
    await third;
    expect(letIn).toEqual(['a', 'b', 'c']);
    (await third).release();
    await fourth;
    expect(admission.waitingCount).toBe(0);
  });

  it('has no proxy that never accepts its configuration hold up the others', async () => {
    vi.useFakeTimers();
    try {
      const admission = new Admission({ atOnce: 1, holdMs: 2_000 });
      await admission.enter();
      const second = admission.enter();
      await vi.advanceTimersByTimeAsync(2_000);
      await second;
      expect(admission.waitingCount).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('forgets who went before its turn came', async () => {
    const admission = new Admission({ atOnce: 1 });
    const held = await admission.enter();
    const gone = new AbortController();
    const waiting = admission.enter(gone.signal);
    gone.abort();
    await expect(waiting).rejects.toThrow('the stream ended before its turn came');
    expect(admission.waitingCount).toBe(0);
    held.release();
    await admission.enter();
  });

  it('tells those beyond what it can remember to come again', async () => {
    const admission = new Admission({ atOnce: 1, waitingMax: 1 });
    await admission.enter();
    void admission.enter();
    await expect(admission.enter()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('lets a thousand through, each once, whatever order they finish in', async () => {
    const admission = new Admission({ atOnce: 7 });
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 1000 }, async (_, index) => {
        const admitted = await admission.enter();
        most = Math.max(most, ++inside);
        for (let turn = 0; turn < index % 5; turn++) await null;
        inside--;
        admitted.release();
      }),
    );
    expect(most).toBeLessThanOrEqual(7);
    expect(admission.waitingCount).toBe(0);
  });
});
