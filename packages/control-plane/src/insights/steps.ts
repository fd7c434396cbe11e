import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work over many resources that may be interrupted after each of them. */
export type Steps<T> = Generator<void, T>;

/** The event loop is let go after so much work. */
const SLICE_MS = 5;

/** Does the work in one go. */
export function allAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Does the work in slices of a few milliseconds: 100,000 proxies take most of a second, for which changes would wait. */
export async function inSlices<T>(steps: Steps<T>, now: () => number = () => performance.now()): Promise<T> {
  for (;;) {
    const endMs = now() + SLICE_MS;
    while (now() < endMs) {
      const step = steps.next();
      if (step.done) return step.value;
    }
    await nextTurn();
  }
}
