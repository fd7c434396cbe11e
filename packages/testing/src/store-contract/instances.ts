import type { ResourceStore } from '@mesh/core';
import { afterEach, describe, expect, it } from 'vitest';
import { create, draftOf, Recorder, range, type StoreFactory, update, upsert, write } from './harness.js';

/** Several instances on the same data; only for stores that can share. */
export function describeInstances(store: () => ResourceStore, factory: Required<StoreFactory>): void {
  describe('several instances', () => {
    const others: ResourceStore[] = [];
    const another = async (): Promise<ResourceStore> => {
      const opened = await factory.openAnother();
      others.push(opened);
      return opened;
    };
    afterEach(async () => {
      await Promise.all(others.splice(0).map((other) => other.close()));
    });

    it('share one identity and one state', async () => {
      await write(store(), create(draftOf('a')));
      const other = await another();
      expect(other.storeId).toBe(store().storeId);
      expect((await other.list({})).map((resource) => resource.meta.name)).toEqual(['a']);
    });

    it('hear of each other without a gap while all of them write', async () => {
      const all = [store(), await another(), await another()];
      const recorders = all.map(() => new Recorder());
      const feeds = await Promise.all(all.map((instance, i) => instance.follow((recorders[i] as Recorder).listener)));
      await Promise.all(
        all.flatMap((instance, i) =>
          Array.from({ length: 20 }, (_, n) => write(instance, upsert(draftOf(`s${n % 5}`, { spec: { i, n } })))),
        ),
      );
      const { revision } = await write(store(), create(draftOf('last')));
      await Promise.all(recorders.map((recorder) => recorder.waitFor(revision)));
      for (const recorder of recorders) {
        expect(recorder.changes.map((change) => change.revision)).toEqual(range((recorder.snapshots[0]?.revision ?? 0) + 1, revision));
      }
      await Promise.all(feeds.map((feed) => feed.stop()));
    });

    it('let one of two competing updates win', async () => {
      await write(store(), create(draftOf('a')));
      const other = await another();
      const tries = await Promise.allSettled(
        [store(), other].map((instance, n) => write(instance, update(draftOf('a', { spec: { n } }), 1))),
      );
      expect(tries.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    it('elect one leader among them, and another when it closes', async () => {
      const other = await another();
      const leaders: string[] = [];
      const lead = (instance: ResourceStore, name: string) =>
        new Promise<void>((elected) => {
          instance.lead('main', async () => {
            leaders.push(name);
            elected();
          });
        });
      await lead(store(), 'first');
      const second = lead(other, 'second');
      await write(other, create(draftOf('a')));
      expect(leaders).toEqual(['first']);
      await store().close();
      await second;
      expect(leaders).toEqual(['first', 'second']);
    });
  });
}
