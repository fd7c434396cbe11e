import { describe, expect, it } from 'vitest';
import { WriteOrder } from './write-order.js';

const key = { kind: 'MeshTimeout', mesh: 'default', name: 'a' };

/** A promise and what resolves it. */
function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('writes of one resource', () => {
  it('are made in the order in which they were asked for, however long each takes and however it ends', async () => {
    const order = new WriteOrder();
    const made: number[] = [];
    const first = gate();
    const one = order.run({ key }, async () => {
      await first.promise;
      made.push(1);
      throw new Error('lost');
    });
    const two = order.run({ key }, async () => made.push(2));
    const other = order.run({ key: { ...key, name: 'b' } }, async () => made.push(0));
    await other;
    expect(made).toEqual([0]);
    first.resolve();
    await expect(one).rejects.toThrow('lost');
    await two;
    expect(made).toEqual([0, 1, 2]);
  });

  it('are not made when nobody waits for them any more at their turn, and later ones are', async () => {
    const order = new WriteOrder();
    const first = gate();
    const givenUp = new AbortController();
    const made: string[] = [];
    const one = order.run({ key }, () => first.promise);
    const two = order.run({ key, signal: givenUp.signal }, async () => made.push('given up'));
    const three = order.run({ key }, async () => made.push('acknowledged'));
    givenUp.abort();
    first.resolve();
    await one;
    await expect(two).rejects.toMatchObject({ code: 'unavailable' });
    await three;
    expect(made).toEqual(['acknowledged']);
  });
});
