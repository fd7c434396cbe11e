import { setTimeout as delay } from 'node:timers/promises';

const firstDelayMs = 100;
const delayMsMax = 1_000;

/**
 * Runs `attempt` again and again until the signal aborts. Waits between attempts, longer each time;
 * an attempt that got as far as to call `succeeded` starts the waiting over.
 */
export async function retryUntilAborted(attempt: (succeeded: () => void) => Promise<void>, signal: AbortSignal): Promise<void> {
  let delayMs = firstDelayMs;
  while (!signal.aborted) {
    await attempt(() => {
      delayMs = firstDelayMs;
    });
    if (signal.aborted) return;
    // Half of it at random: the followers of a control plane that restarts do not come back at once.
    await delay(delayMs / 2 + (Math.random() * delayMs) / 2, undefined, { signal }).catch(() => {});
    delayMs = Math.min(delayMs * 2, delayMsMax);
  }
}
