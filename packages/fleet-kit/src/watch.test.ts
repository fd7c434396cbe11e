import { expect, it } from 'vitest';
import { Watch } from './watch.js';

const proxies = [{ name: 'a' }, { name: 'b' }] as const;

it('ends when every proxy was there once, or when all are there together', async () => {
  const lacking = new Set<string>(['a', 'b']);
  const lacks = ({ name }: { name: string }) => (lacking.has(name) ? 'a cluster' : undefined);
  const once = new Watch({ proxies, lacks, deadlineMs: 60_000 });
  const together = new Watch({ proxies, lacks, deadlineMs: 60_000, together: true });
  const ended: string[] = [];
  void once.arrived.then(() => ended.push('once'));
  const all = together.arrived.then(() => ended.push('together'));
  const look = (index: 0 | 1) => {
    for (const watch of [once, together]) watch.look(proxies[index]);
  };
  lacking.delete('a');
  look(0);
  // What comes next takes it back out of its state.
  lacking.add('a');
  lacking.delete('b');
  look(1);
  await once.arrived;
  expect(ended).toEqual(['once']);
  lacking.delete('a');
  look(0);
  await all;
  expect((await together.arrived).late).toEqual([]);
});

it('names who is not there at the deadline, and what it lacks', async () => {
  const lacks = ({ name }: { name: string }) => (name === 'b' ? 'a cluster' : undefined);
  const { late } = await new Watch({ proxies, lacks, deadlineMs: 1, together: true }).arrived;
  expect(late).toEqual(['b: a cluster']);
});
