import type { Leadership, ResourceStore } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { AUTHOR, create, draftOf, write } from './harness.js';

/** Leads until stopped; `elected` gives the leaderships in order. */
function candidate(store: ResourceStore, name = 'main') {
  const queue: Leadership[] = [];
  const waiting: Array<(leadership: Leadership) => void> = [];
  const handle = store.lead(name, async (leadership) => {
    const next = waiting.shift();
    if (next) next(leadership);
    else queue.push(leadership);
    await new Promise<void>((resolve) => leadership.signal.addEventListener('abort', () => resolve(), { once: true }));
  });
  return {
    stop: () => handle.stop(),
    get leads() {
      return queue.length > 0;
    },
    elected(): Promise<Leadership> {
      const ready = queue.shift();
      return ready ? Promise.resolve(ready) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}

/** Elections and fencing. */
export function describeLeadership(store: () => ResourceStore): void {
  describe('lead', () => {
    it('elects the only candidate and ends its leadership at stop', async () => {
      const only = candidate(store());
      const { signal } = await only.elected();
      expect(signal.aborted).toBe(false);
      await only.stop();
      expect(signal.aborted).toBe(true);
    });

    it('has one leader of a name at a time', async () => {
      const first = candidate(store());
      const { signal } = await first.elected();
      const second = candidate(store());
      await write(store(), create(draftOf('a')));
      expect(second.leads).toBe(false);
      await first.stop();
      expect(signal.aborted).toBe(true);
      expect((await second.elected()).signal.aborted).toBe(false);
      await second.stop();
    });

    it('lets leaders of different names be at the same time', async () => {
      const [one, two] = [candidate(store(), 'one'), candidate(store(), 'two')];
      const leaders = await Promise.all([one.elected(), two.elected()]);
      for (const { fence } of leaders) await store().transact([create(draftOf(`f${fence}`))], { author: AUTHOR, fence });
      expect(await store().list({})).toHaveLength(2);
      await Promise.all([one.stop(), two.stop()]);
    });

    it('grows the fence with every election and refuses writes of an earlier leader', async () => {
      const first = candidate(store());
      const old = await first.elected();
      await store().transact([create(draftOf('a'))], { author: AUTHOR, fence: old.fence });
      await first.stop();
      const second = candidate(store());
      const current = await second.elected();
      expect(current.fence).toBeGreaterThan(old.fence);
      await store().transact([create(draftOf('b'))], { author: AUTHOR, fence: current.fence });
      const late = store().transact([create(draftOf('c'))], { author: AUTHOR, fence: old.fence });
      await expect(late).rejects.toMatchObject({ code: 'conflict' });
      expect((await store().list({})).map((resource) => resource.meta.name).sort()).toEqual(['a', 'b']);
      await second.stop();
    });

    it('calls the work again, as a new leader, after it threw', async () => {
      const fences: number[] = [];
      const again = new Promise<void>((resolve) => {
        store().lead('main', async ({ fence }) => {
          fences.push(fence);
          if (fences.length === 1) throw new Error('the first try fails');
          resolve();
        });
      });
      await again;
      expect(fences[1]).toBeGreaterThan(fences[0] ?? 0);
    });

    it('ends leaderships when the store closes', async () => {
      const only = candidate(store());
      const { signal } = await only.elected();
      await store().close();
      expect(signal.aborted).toBe(true);
      await only.stop();
    });
  });

  describe('close', () => {
    it('is final and can be repeated', async () => {
      await store().close();
      await store().close();
      await expect(store().get({ kind: 'Mesh', mesh: '', name: 'x' })).rejects.toMatchObject({ code: 'unavailable' });
      await expect(write(store(), create(draftOf('a')))).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
}
