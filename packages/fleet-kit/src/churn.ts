import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet } from './fleet.js';
import type { SimulatedProxy } from './simulated-proxy.js';
import type { Arrival } from './watch.js';

export interface ChurnOptions {
  /** Proxies per second that leave, join again, or lose their stream. */
  readonly perSecond: number;
  readonly durationMs: number;
  readonly signal?: AbortSignal;
}

export interface ChurnFigures {
  readonly left: number;
  readonly joined: number;
  readonly flapped: number;
  /** How all of them came back at the end. */
  readonly settled: Arrival;
}

/** Proxies gone at the same time: at most this part of all. */
const GONE_MAX = 0.1;

/** Lets proxies leave, join and flap at random for some time; in the end all are back and the fleet settles. */
export async function churn(fleet: Fleet, { perSecond, durationMs, signal }: ChurnOptions): Promise<ChurnFigures> {
  const counts = { left: 0, joined: 0, flapped: 0 };
  const gone: SimulatedProxy[] = [];
  const end = performance.now() + durationMs;
  while (performance.now() < end && !signal?.aborted) {
    await delay(1000 / perSecond);
    const dice = Math.random();
    if (gone.length > fleet.proxies.length * GONE_MAX || (dice < 1 / 3 && gone.length > 0)) {
      gone.shift()?.join();
      counts.joined += 1;
      continue;
    }
    const present = fleet.joined();
    const proxy = present[Math.floor(Math.random() * present.length)];
    if (!proxy) continue;
    if (dice < 2 / 3) {
      proxy.leave();
      gone.push(proxy);
      counts.left += 1;
    } else {
      proxy.flap();
      counts.flapped += 1;
    }
  }
  for (const proxy of gone) proxy.join();
  fleet.membershipChanged();
  return { ...counts, joined: counts.joined + gone.length, settled: await fleet.settle() };
}
