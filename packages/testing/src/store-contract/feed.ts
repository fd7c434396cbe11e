import { type Change, keyOf, keyString, type ResourceStore, ResourceView } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { contents, create, draftOf, meshDraft, Recorder, range, remove, update, upsert, write } from './harness.js';

/** What followers are told. */
export function describeFeed(store: () => ResourceStore): void {
  describe('follow', () => {
    it('delivers a snapshot before it returns', async () => {
      const { revision } = await write(store(), create(draftOf('a')), create(draftOf('b')));
      const recorder = new Recorder();
      const feed = await store().follow(recorder.listener);
      expect(recorder.events).toHaveLength(1);
      expect(recorder.snapshots[0]?.revision).toBe(revision);
      expect(contents(recorder.snapshots[0]?.resources ?? [])).toEqual(contents(await store().list({})));
      await feed.stop();
    });

    it('delivers every later change once and in order, a transaction at a time', async () => {
      const recorder = new Recorder();
      const feed = await store().follow(recorder.listener);
      const results = [
        await write(store(), create(draftOf('a')), create(draftOf('b'))),
        await write(store(), remove('a')),
        await write(store(), update(draftOf('b', { spec: { n: 1 } }))),
      ];
      await recorder.waitFor(results.at(-1)?.revision ?? 0);
      expect(recorder.events.slice(1)).toEqual(results.map(({ changes }) => ({ type: 'changes', changes })));
      await feed.stop();
    });

    it('skips no revision under many writers at once', async () => {
      const recorder = new Recorder();
      const feed = await store().follow(recorder.listener);
      const start = recorder.revision;
      const writers = Array.from({ length: 60 }, (_, i) =>
        write(store(), upsert(draftOf(`w${i % 7}`, { spec: { i } })), create(draftOf(`once-${i}`, { spec: { i } }))).then(() =>
          i % 3 === 0 ? write(store(), remove(`once-${i}`)) : undefined,
        ),
      );
      const late = new Recorder();
      const lateFeed = store().follow(late.listener);
      await Promise.all(writers);
      const { revision } = await write(store(), create(draftOf('last')));
      await lateFeed;
      await Promise.all([recorder.waitFor(revision), late.waitFor(revision)]);
      expect(recorder.changes.map((change) => change.revision)).toEqual(range(start + 1, revision));
      expect(late.changes.map((change) => change.revision)).toEqual(range((late.snapshots[0]?.revision ?? 0) + 1, revision));
      await Promise.all([feed.stop(), (await lateFeed).stop()]);
    });

    it('gives a follower that joins amid writes the same state as the store', async () => {
      const writers = Array.from({ length: 30 }, (_, i) => write(store(), upsert(draftOf(`d${i % 10}`, { spec: { i } }))));
      const view = new ResourceView();
      const feed = await store().follow(view.apply);
      await Promise.all(writers);
      const { revision } = await write(store(), create(meshDraft('end')));
      await view.waitFor(revision);
      const stored = await store().list({});
      expect([...view.all()].sort(byKey)).toEqual([...stored].sort(byKey));
      await feed.stop();
    });

    it('tells nothing of a transaction that failed', async () => {
      const recorder = new Recorder();
      const feed = await store().follow(recorder.listener);
      await expect(write(store(), create(draftOf('a')), update(draftOf('nobody')))).rejects.toMatchObject({ code: 'not_found' });
      const { revision } = await write(store(), create(draftOf('b')));
      await recorder.waitFor(revision);
      expect(recorder.changes.map((change: Change) => change.key.name)).toEqual(['b']);
      await feed.stop();
    });

    it('tells nothing after stop, and everything to whoever follows again', async () => {
      const first = new Recorder();
      const feed = await store().follow(first.listener);
      await feed.stop();
      const { revision } = await write(store(), create(draftOf('a')));
      const second = new Recorder();
      const again = await store().follow(second.listener);
      expect(second.snapshots[0]?.revision).toBe(revision);
      expect(second.snapshots[0]?.resources.map((resource) => resource.meta.name)).toEqual(['a']);
      expect(first.events).toHaveLength(1);
      await again.stop();
    });

    it('goes on where a listener throws, for it and for the others', async () => {
      const recorder = new Recorder();
      const calls: string[] = [];
      const bad = await store().follow((event) => {
        calls.push(event.type);
        throw new Error('listener is broken');
      });
      const good = await store().follow(recorder.listener);
      const last = await write(store(), create(draftOf('a'))).then(() => write(store(), create(draftOf('b'))));
      await recorder.waitFor(last.revision);
      expect(recorder.changes.map((change) => change.key.name)).toEqual(['a', 'b']);
      await Promise.all([bad.stop(), good.stop()]);
      expect(calls).toEqual(['snapshot', 'changes', 'changes']);
    });

    it('keeps the order where a listener writes', async () => {
      const recorder = new Recorder();
      const answered: Promise<unknown>[] = [];
      const echo = await store().follow((event) => {
        if (event.type !== 'changes') return;
        for (const { key } of event.changes) if (key.name.length < 4) answered.push(write(store(), create(draftOf(`${key.name}x`))));
      });
      const feed = await store().follow(recorder.listener);
      const { revision } = await write(store(), create(draftOf('a')));
      await recorder.waitFor(revision + 3);
      await Promise.all(answered);
      expect(recorder.changes.map((change) => change.key.name)).toEqual(['a', 'ax', 'axx', 'axxx']);
      expect(recorder.changes.map((change) => change.revision)).toEqual(range(revision, revision + 3));
      await Promise.all([echo.stop(), feed.stop()]);
    });
  });
}

const byKey = (a: Parameters<typeof keyOf>[0], b: Parameters<typeof keyOf>[0]): number =>
  keyString(keyOf(a)) < keyString(keyOf(b)) ? -1 : 1;
