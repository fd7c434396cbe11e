import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { allAtOnce, inSlices, type Steps } from './steps.js';

function* sum(numbers: readonly number[]): Steps<number> {
  let total = 0;
  for (const number of numbers) {
    total += number;
    yield;
  }
  return total;
}

it('gives the same in slices as in one go, and others a turn in between', async () => {
  const numbers = Array.from({ length: 40 }, (_, i) => i);
  let clockMs = 0;
  let isDone = false;
  let turns = 0;
  const work = inSlices(sum(numbers), () => clockMs++).finally(() => (isDone = true));
  for (; !isDone; turns++) await nextTurn();
  expect(await work).toBe(allAtOnce(sum(numbers)));
  expect(turns).toBeGreaterThan(5);
});
