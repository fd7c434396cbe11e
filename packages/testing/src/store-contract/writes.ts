import type { MeshErrorCode, ResourceStore } from '@mesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUTHOR, contents, create, draftOf, meshDraft, remove, update, upsert, write } from './harness.js';

/** What single transactions do. */
export function describeWrites(store: () => ResourceStore): void {
  const get = (name: string) => store().get({ kind: 'Dataplane', mesh: 'default', name });
  const refused = (code: MeshErrorCode) => expect.objectContaining({ name: 'MeshError', code });

  describe('writes', () => {
    it('stamps a new resource with version 1 and its times', async () => {
      const { changes } = await write(store(), create(draftOf('a', { labels: { team: 'red' } })));
      const stored = await get('a');
      expect(stored).toMatchObject({ kind: 'Dataplane', meta: { mesh: 'default', name: 'a', labels: { team: 'red' }, version: 1 } });
      expect(stored?.meta.creationTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(stored?.meta.modificationTime).toBe(stored?.meta.creationTime);
      expect(changes).toEqual([
        expect.objectContaining({ op: 'put', resource: stored, author: AUTHOR.name, time: stored?.meta.creationTime }),
      ]);
    });

    it('refuses to create what exists, and changes nothing then', async () => {
      await write(store(), create(draftOf('a')));
      await expect(write(store(), create(draftOf('a', { spec: { other: true } })))).rejects.toEqual(refused('already_exists'));
      expect((await get('a'))?.spec).toEqual(draftOf('a').spec);
    });

    it('adds one to the version with every update and keeps the creation time', async () => {
      await write(store(), create(draftOf('a')));
      const first = await get('a');
      await write(store(), update(draftOf('a', { spec: { n: 2 } })), update(draftOf('a', { spec: { n: 3 } })));
      const last = await get('a');
      expect(last).toMatchObject({ spec: { n: 3 }, meta: { version: 3, creationTime: first?.meta.creationTime } });
    });

    it('replaces the whole resource: labels, status and owner that are left out are gone', async () => {
      const owner = { kind: 'Mesh', mesh: '', name: 'default' };
      await write(store(), create(draftOf('a', { labels: { x: '1' }, status: { ok: true }, owner })));
      expect(await get('a')).toMatchObject({ status: { ok: true }, meta: { owner } });
      await write(store(), update(draftOf('a')));
      const stored = await get('a');
      expect([stored?.meta.labels, stored?.status, stored?.meta.owner]).toEqual([{}, undefined, undefined]);
    });

    it('refuses to update what does not exist', async () => {
      await expect(write(store(), update(draftOf('a')))).rejects.toEqual(refused('not_found'));
    });

    it('refuses an update or a removal that expects another version', async () => {
      await write(store(), create(draftOf('a')));
      await write(store(), update(draftOf('a', { spec: { n: 2 } }), 1));
      await expect(write(store(), update(draftOf('a', { spec: { n: 3 } }), 1))).rejects.toEqual(refused('conflict'));
      const removal = { op: 'delete', key: { kind: 'Dataplane', mesh: 'default', name: 'a' }, expectedVersion: 1 } as const;
      await expect(write(store(), removal)).rejects.toEqual(refused('conflict'));
      expect(await get('a')).toMatchObject({ spec: { n: 2 }, meta: { version: 2 } });
    });

    it('lets exactly one of many competing updates win', async () => {
      await write(store(), create(draftOf('a')));
      const tries = await Promise.allSettled(
        Array.from({ length: 12 }, (_, n) => write(store(), update(draftOf('a', { spec: { n } }), 1))),
      );
      expect(tries.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      expect(tries.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))).toEqual(Array(11).fill('conflict'));
      expect((await get('a'))?.meta.version).toBe(2);
    });

    it('makes no revision where an upsert says what is stored, in whatever order of keys', async () => {
      const labels = { a: '1', b: '2' };
      const first = await write(store(), upsert(draftOf('a', { labels, spec: { x: 1, nested: { p: [1, { q: 1, r: 2 }], s: null } } })));
      const second = await write(
        store(),
        upsert(draftOf('a', { labels: { b: '2', a: '1' }, spec: { nested: { s: null, p: [1, { r: 2, q: 1 }] }, x: 1 } })),
      );
      expect(second).toEqual({ revision: first.revision, changes: [] });
      expect((await get('a'))?.meta.version).toBe(1);
    });

    it.each([
      ['labels', { labels: { a: '2' } }],
      ['spec', { spec: { list: [2, 1] } }],
      ['status', { status: { ready: true } }],
      ['owner', { owner: { kind: 'Mesh', mesh: '', name: 'default' } }],
    ])('makes a revision where an upsert changes the %s', async (_, change) => {
      const base = { labels: { a: '1' }, spec: { list: [1, 2] } };
      const first = await write(store(), upsert(draftOf('a', base)));
      const second = await write(store(), upsert(draftOf('a', { ...base, ...change })));
      expect(second.revision).toBe(first.revision + 1);
      expect(await get('a')).toMatchObject({ meta: { version: 2 } });
    });

    it('takes the removal of a missing key for done', async () => {
      const before = await write(store(), create(draftOf('a')));
      expect(await write(store(), remove('nobody'))).toEqual({ revision: before.revision, changes: [] });
    });

    it('starts anew after a removal', async () => {
      await write(store(), create(draftOf('a')), update(draftOf('a', { spec: { n: 2 } })), remove('a'));
      expect(await get('a')).toBeUndefined();
      await write(store(), create(draftOf('a')));
      expect((await get('a'))?.meta.version).toBe(1);
    });

    it('removes with an owner all it owns, transitively, and nothing else', async () => {
      const mesh = { kind: 'Mesh', mesh: '', name: 'default' };
      const owner = (name: string) => ({ kind: 'Dataplane', mesh: 'default', name });
      await write(store(), create(meshDraft('default')), create(meshDraft('other')));
      await write(
        store(),
        create(draftOf('a', { owner: mesh })),
        create(draftOf('b', { owner: owner('a') })),
        create(draftOf('c', { owner: owner('b') })),
      );
      await write(store(), create(draftOf('free')), create(draftOf('x', { mesh: 'other', owner: { ...mesh, name: 'other' } })));
      const { changes, revision } = await write(store(), remove('default', '', 'Mesh'));
      expect(changes.map((change) => [change.op, change.key.name]).sort()).toEqual(
        ['a', 'b', 'c', 'default'].map((name) => ['delete', name]),
      );
      expect(changes.at(-1)).toMatchObject({ key: { name: 'default' }, revision });
      expect((await store().list({})).map((resource) => resource.meta.name).sort()).toEqual(['free', 'other', 'x']);
    });

    it('removes what was put under the owner in the same transaction, and ends where owners form a ring', async () => {
      const owner = (name: string) => ({ kind: 'Dataplane', mesh: 'default', name });
      await write(
        store(),
        create(draftOf('a', { owner: owner('b') })),
        create(draftOf('b', { owner: owner('a') })),
        create(draftOf('late')),
      );
      await write(store(), update(draftOf('late', { owner: owner('a') })), create(draftOf('new', { owner: owner('late') })), remove('a'));
      expect(await store().list({})).toEqual([]);
    });

    it('does all mutations of a transaction or none', async () => {
      const before = await write(store(), create(draftOf('a')));
      const failing = write(store(), create(draftOf('b')), remove('a'), update(draftOf('nobody')));
      await expect(failing).rejects.toEqual(refused('not_found'));
      expect(contents(await store().list({})).map(({ name }) => name)).toEqual(['a']);
      expect((await write(store(), create(draftOf('c')))).revision).toBe(before.revision + 1);
    });

    it('gives every change line its own revision, without gaps', async () => {
      const one = await write(store(), create(draftOf('a')), create(draftOf('b')));
      const two = await write(store(), remove('a'), update(draftOf('b', { spec: {} })), create(draftOf('c')));
      const revisions = [...one.changes, ...two.changes].map((change) => change.revision);
      expect(revisions).toEqual(revisions.map((_, i) => (revisions[0] ?? 0) + i));
      expect(two.revision).toBe(revisions.at(-1));
    });

    it('does nothing for no mutations', async () => {
      const before = await write(store(), create(draftOf('a')));
      expect(await write(store())).toEqual({ revision: before.revision, changes: [] });
    });

    it('lists by kind and by mesh', async () => {
      await write(store(), create(meshDraft('default')), create(draftOf('a')), create(draftOf('a', { mesh: 'other' })));
      const names = async (filter: { kind?: string; mesh?: string }) =>
        (await store().list(filter)).map((r) => `${r.kind}/${r.meta.mesh}/${r.meta.name}`).sort();
      expect(await names({ kind: 'Dataplane' })).toEqual(['Dataplane/default/a', 'Dataplane/other/a']);
      expect(await names({ mesh: 'default' })).toEqual(['Dataplane/default/a']);
      expect(await names({ kind: 'Mesh', mesh: '' })).toEqual(['Mesh//default']);
      expect(await names({})).toHaveLength(3);
    });

    it('is not reached by what a caller does to a draft later', async () => {
      const spec = { list: [1] };
      await write(store(), create(draftOf('a', { spec })));
      spec.list.push(2);
      expect((await get('a'))?.spec).toEqual({ list: [1] });
    });

    it('keeps a document of two megabytes', async () => {
      const spec = { lines: Array.from({ length: 20_000 }, (_, i) => `${i}:${'x'.repeat(95)}`) };
      await write(store(), create(draftOf('big', { spec })));
      expect((await get('big'))?.spec).toEqual(spec);
    });

    it.each([
      ['NUL', 'a\u0000b'],
      ['half a surrogate pair', 'a\ud800b'],
    ])('refuses %s in a text, naming the field', async (_, text) => {
      const failing = write(store(), create(draftOf('a')), create(draftOf('b', { spec: { deep: [{ text }] } })));
      await expect(failing).rejects.toMatchObject({ code: 'invalid', violations: [{ field: 'spec.deep[0].text' }] });
      expect(await get('a')).toBeUndefined();
    });

    it('gives back any JSON as it was, unicode in keys and names included', async () => {
      const text = fc
        .string({ unit: 'grapheme', maxLength: 12 })
        .filter((value) => !value.includes('\u0000') && !/\p{Surrogate}/u.test(value));
      const { tree } = fc.letrec((tie) => ({
        tree: fc.oneof(
          { maxDepth: 3 },
          text,
          fc.boolean(),
          fc.constant(null),
          number,
          fc.array(tie('tree'), { maxLength: 4 }),
          fc.dictionary(text, tie('tree'), { maxKeys: 4 }),
        ),
      }));
      await fc.assert(
        fc.asyncProperty(text, tree, async (name, value) => {
          await write(store(), upsert(draftOf(`n${name}`, { labels: { [name]: name }, spec: { value } })));
          const stored = await get(`n${name}`);
          expect(stored?.spec).toEqual(JSON.parse(JSON.stringify({ value })));
          expect(stored?.meta.labels).toEqual({ [name]: name });
        }),
        { numRuns: 40 },
      );
    });
  });
}

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
);
