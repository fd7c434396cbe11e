import { keyString, type ResourceKey, requireWaiting } from '@mesh/core';

/**
 * Makes the writes of one resource in the order in which they were asked for. Without it a write that somebody gave up
 * long ago could lose a race, be tried again, and so undo what was acknowledged after it.
 */
export class WriteOrder {
  private readonly last = new Map<string, Promise<unknown>>();

  /** Runs `work` when all earlier work on the key has ended, however it ended. @throws MeshError `unavailable` where nobody waits for it by then. */
  async run<T>(request: { readonly key: ResourceKey; readonly signal?: AbortSignal | undefined }, work: () => Promise<T>): Promise<T> {
    const name = keyString(request.key);
    const before = this.last.get(name);
    const mine = (async () => {
      await before?.catch(() => {});
      requireWaiting(request);
      return work();
    })();
    this.last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.last.get(name) === mine) this.last.delete(name);
    }
  }
}
