import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change } from './ports/store.js';
import { compareByMeshAndName, keyOf, type Resource } from './resource.js';
import { ResourceView } from './view.js';

const aResource = fc.record({
  kind: fc.constantFrom('A', 'B'),
  mesh: fc.constantFrom('m', 'n'),
  name: fc.constantFrom('1', '2', '3', '4'),
});

function resourceOf({ kind, mesh, name }: { kind: string; mesh: string; name: string }): Resource {
  const time = '2026-01-01T00:00:00Z';
  return { kind, meta: { mesh, name, labels: {}, creationTime: time, modificationTime: time, version: 1 }, spec: {} };
}

test('a sorted list has after any changes what sorting anew would give, and stays the same array while nothing of it changes', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ op: fc.constantFrom('put', 'delete'), of: aResource })), (changes) => {
      const view = new ResourceView();
      view.apply({ type: 'snapshot', snapshot: { revision: 0, resources: [] } });
      changes.forEach(({ op, of }, i) => {
        const lists = ['A', 'B'].flatMap((kind) =>
          [undefined, 'm', 'n'].map((mesh) => ({ kind, mesh, before: view.listSorted(kind, mesh) })),
        );
        const resource = resourceOf(of);
        const changed = op === 'put' || view.get(of) !== undefined;
        view.apply({ type: 'changes', changes: [{ revision: i + 1, op, key: keyOf(resource), resource } as Change] });
        for (const { kind, mesh, before } of lists) {
          const now = view.listSorted(kind, mesh);
          expect(now).toEqual([...view.list(kind, mesh)].sort(compareByMeshAndName));
          if (!changed || kind !== of.kind || (mesh !== undefined && mesh !== of.mesh)) expect(now).toBe(before);
          else expect(now).not.toBe(before);
        }
      });
    }),
  );
});
