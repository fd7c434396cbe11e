import { messageOf } from '@mesh/core';

export interface PollOptions {
  /** What is waited for, for the error. */
  readonly what: string;
  readonly deadlineMs: number;
  readonly intervalMs?: number;
  /** Ends the wait early with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Asks `probe` until it gives something other than undefined or false.
 * @throws Error that names what was waited for and the last failure.
 */
export async function until<T>(options: PollOptions, probe: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const end = Date.now() + options.deadlineMs;
  let last = '';
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      last = '';
    } catch (error) {
      last = messageOf(error);
    }
    if (Date.now() > end) throw new Error(`${options.what}: not within ${options.deadlineMs / 1000} s${last === '' ? '' : ` (${last})`}`);
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 20));
  }
}
