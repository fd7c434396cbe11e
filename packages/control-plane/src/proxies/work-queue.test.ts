import { describe, expect, it } from 'vitest';
import { WorkQueue } from './work-queue.js';

function drain(queue: WorkQueue<string>): string[] {
  const taken: string[] = [];
  for (let item = queue.next(); item !== undefined; item = queue.next()) taken.push(item);
  return taken;
}

describe('the queue of work', () => {
  it('gives each item once, whoever waited longest first, however often it was added', () => {
    const queue = new WorkQueue<string>();
    for (const item of ['a', 'b', 'a', 'c', 'b']) queue.add(item, 'other');
    expect(queue.size).toBe(3);
    expect(drain(queue)).toEqual(['a', 'b', 'c']);
  });

  it('gives those that endpoints concern first, also where they waited for something else already', () => {
    const queue = new WorkQueue<string>();
    for (const item of ['a', 'b', 'c']) queue.add(item, 'other');
    for (const item of ['c', 'd']) queue.add(item, 'endpoints');
    queue.add('d', 'other');
    expect(drain(queue)).toEqual(['c', 'd', 'a', 'b']);
  });

  it('lets no item wait for ever while endpoints go on changing', () => {
    const queue = new WorkQueue<string>();
    for (const item of ['a', 'b']) queue.add(item, 'other');
    const taken: (string | undefined)[] = [];
    for (let i = 0; i < 8; i++) {
      queue.add(`e${i}`, 'endpoints');
      taken.push(queue.next());
    }
    expect(taken).toEqual(['e0', 'e1', 'e2', 'a', 'e3', 'e4', 'e5', 'b']);
  });

  it('gives nothing that was taken out', () => {
    const queue = new WorkQueue<string>();
    queue.add('a', 'endpoints');
    queue.add('b', 'other');
    queue.delete('a');
    queue.delete('b');
    expect(drain(queue)).toEqual([]);
  });
});
