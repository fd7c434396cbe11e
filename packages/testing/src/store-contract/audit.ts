import type { AuditOutcome, AuditRecord, ResourceStore, TimedAuditEntry } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { AUTHOR, create, draftOf, remove, update, upsert } from './harness.js';

const REQUEST = {
  who: 'alice',
  groups: ['team'],
  by: 'token',
  peer: '203.0.113.9',
  method: 'PUT',
  path: '/meshes/default/dataplanes/a',
  kind: 'Dataplane',
  mesh: 'default',
  name: 'a',
} as const;

const DONE = { ...REQUEST, status: 201, outcome: 'done' } as const;

/** An entry of somebody who was refused, unless something else is said. */
function entry(changes: Partial<TimedAuditEntry> = {}): TimedAuditEntry {
  return { ...REQUEST, status: 403, outcome: 'forbidden', time: '2026-11-21T08:00:00.000Z', ...changes };
}

/** Who asked for what. */
export function describeAudit(store: () => ResourceStore): void {
  const read = (query: object = {}) => store().audit.read({ limit: 100, ...query });
  const names = (records: readonly AuditRecord[]) => records.map(({ name }) => name);
  const written = (options: object, ...mutations: Parameters<ResourceStore['transact']>[0]) =>
    store().transact(mutations, { author: AUTHOR, ...options });

  describe('audit', () => {
    it('records an accepted write with its last revision, at the time of its change', async () => {
      const { revision, changes } = await written({ audit: DONE }, create(draftOf('a')), create(draftOf('b')));
      expect(await read()).toEqual([{ ...DONE, id: expect.any(Number), revision, time: changes[0]?.time }]);
    });

    it('records a removal too', async () => {
      await written({}, create(draftOf('a')));
      const { revision } = await written({ audit: { ...DONE, method: 'DELETE' } }, remove('a'));
      expect(await read()).toMatchObject([{ method: 'DELETE', revision }]);
    });

    it('records each write of many that are made together', async () => {
      const results = await Promise.all(['a', 'b', 'c'].map((name) => written({ audit: { ...DONE, name } }, create(draftOf(name)))));
      expect(names(await read())).toEqual(['c', 'b', 'a']);
      expect((await read()).map(({ revision }) => revision)).toEqual(results.map(({ revision }) => revision).reverse());
    });

    it('records nothing for a write that is refused or changes nothing', async () => {
      await written({}, create(draftOf('a')));
      await expect(written({ audit: DONE }, update(draftOf('a'), 7))).rejects.toMatchObject({ code: 'conflict' });
      await written({ audit: DONE }, upsert(draftOf('a')));
      await written({ audit: DONE }, remove('nobody'));
      expect(await read()).toEqual([]);
    });

    it('gives back an entry as it was, whatever is in it and whatever is not', async () => {
      const {
        kind: _,
        mesh: __,
        name: ___,
        ...bare
      } = entry({ path: `/it's\\/%00"`, who: 'ö\u{1f600}', status: 401, outcome: 'unauthenticated' });
      const token = entry({ details: { token: 'user', userGroups: ['x'] }, outcome: 'done', status: 200 });
      await store().audit.append([bare, token]);
      expect(await read()).toEqual([
        { ...token, id: expect.any(Number) },
        { ...bare, id: expect.any(Number) },
      ]);
    });

    it('finds by who, kind, mesh, name, outcome and time', async () => {
      const outcomes: AuditOutcome[] = ['forbidden', 'refused'];
      const entries = outcomes.flatMap((outcome, i) => [
        entry({ outcome, who: `user-${i}`, kind: `Kind${i}`, mesh: `mesh-${i}`, name: `n${i}`, time: `2026-11-21T08:0${i}:00.000Z` }),
      ]);
      await store().audit.append(entries);
      for (const query of [{ who: 'user-1' }, { kind: 'Kind1' }, { mesh: 'mesh-1' }, { name: 'n1' }, { outcome: 'refused' }])
        expect(names(await read(query)), JSON.stringify(query)).toEqual(['n1']);
      expect(names(await read({ since: '2026-11-21T08:01:00Z' }))).toEqual(['n1']);
      expect(names(await read({ until: '2026-11-21T09:01:00+01:00' }))).toEqual(['n0']);
      expect(names(await read({ who: 'user-1', kind: 'Kind0' }))).toEqual([]);
    });

    it('reads page by page, newest first', async () => {
      await store().audit.append(['a', 'b', 'c', 'd', 'e'].map((name) => entry({ name })));
      const first = await read({ limit: 2 });
      const second = await read({ limit: 2, before: first.at(-1)?.id });
      const third = await read({ limit: 2, before: second.at(-1)?.id });
      expect([first, second, third].map(names)).toEqual([['e', 'd'], ['c', 'b'], ['a']]);
    });
  });
}
