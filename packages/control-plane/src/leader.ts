import { setTimeout as delay } from 'node:timers/promises';
import { type Leadership, type Logger, messageOf, type ResourceStore } from '@mesh/core';

/** A part of the leader's work: runs until it is done or leadership ends. */
export interface LeaderTask {
  readonly name: string;
  run(leadership: Leadership): Promise<void>;
}

export interface LeadOptions {
  readonly store: ResourceStore;
  readonly log: Logger;
  /** Tasks that must succeed, in order, before the others begin (defaults). Retried until they do. */
  readonly first: readonly LeaderTask[];
  /** Tasks that run side by side from then on. */
  readonly ongoing: readonly LeaderTask[];
  /** Told when this instance begins to lead, and when it no longer does. */
  readonly onLeading?: (leading: boolean) => void;
}

const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 1_000;

/** Runs singleton work on the one leader of the control plane; a task that fails is tried again while leadership lasts. */
export function leadControlPlane(options: LeadOptions): { stop(): Promise<void> } {
  return options.store.lead('control-plane', async (leadership) => {
    options.log.debug({ fence: leadership.fence }, 'work of the leader begins');
    options.onLeading?.(true);
    leadership.signal.addEventListener('abort', () => options.onLeading?.(false), { once: true });
    for (const task of options.first) await persist(task, { leadership, log: options.log });
    await Promise.all(options.ongoing.map((task) => persist(task, { leadership, log: options.log })));
    if (!leadership.signal.aborted) await aborted(leadership.signal);
    options.log.debug({ fence: leadership.fence }, 'work of the leader ended');
  });
}

async function persist(task: LeaderTask, context: { leadership: Leadership; log: Logger }): Promise<void> {
  const { leadership, log } = context;
  for (let pause = RETRY_MIN_MS; !leadership.signal.aborted; pause = Math.min(pause * 2, RETRY_MAX_MS)) {
    try {
      await task.run(leadership);
      return;
    } catch (error) {
      if (leadership.signal.aborted) return;
      log.warn({ task: task.name, err: messageOf(error) }, 'work of the leader failed; trying again');
      await delay(pause, undefined, { signal: leadership.signal }).catch(() => {});
    }
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
