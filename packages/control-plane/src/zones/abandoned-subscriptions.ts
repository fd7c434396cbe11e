import { type Clock, type Leadership, type Logger, messageOf, type ResourceStore, type ResourceView } from '@mesh/core';
import type { ZoneInsightSpec } from '@mesh/resources';
import { CONTROL_PLANE_AUTHOR } from '../instance.js';
import { aborted } from '../leader.js';
import { updateResource } from '../update-resource.js';
import { closeSubscription } from './zone-insight.js';

/** How often an instance shows that its subscriptions live (`generation`). */
export const BEAT_MS = 150_000;
/** How often the leader looks for subscriptions that did not. */
const LOOK_MS = 300_000;

export interface AbandonedOptions {
  readonly store: ResourceStore;
  readonly view: ResourceView;
  readonly clock: Clock;
  readonly leadership: Leadership;
  readonly log: Logger;
}

/**
 * Closes subscriptions of instances that died without closing them: open ones whose `generation` did
 * not move between two looks (contract/kds.md §5). Leader work; resolves when leadership ends.
 */
export async function closeAbandonedSubscriptions(options: AbandonedOptions): Promise<void> {
  const { view, leadership, log } = options;
  let seen = openGenerations(view);
  const timer = setInterval(() => {
    const now = openGenerations(view);
    const dead = [...now].filter(([id, open]) => seen.get(id)?.generation === open.generation);
    seen = now;
    for (const [id, open] of dead) {
      closeOne(options, open.zone, id).catch((error: unknown) => log.warn({ err: messageOf(error) }, 'a subscription could not be closed'));
    }
  }, LOOK_MS);
  await aborted(leadership.signal);
  clearInterval(timer);
}

function openGenerations(view: ResourceView): Map<string, { zone: string; generation: number }> {
  const open = new Map<string, { zone: string; generation: number }>();
  for (const insight of view.list<ZoneInsightSpec>('ZoneInsight')) {
    for (const s of insight.spec.subscriptions ?? []) {
      if (s.id && s.disconnectTime === undefined) open.set(s.id, { zone: insight.meta.name, generation: s.generation ?? 0 });
    }
  }
  return open;
}

async function closeOne(options: AbandonedOptions, zone: string, id: string): Promise<void> {
  const { store, clock, leadership } = options;
  const now = new Date(clock.now()).toISOString();
  await updateResource<ZoneInsightSpec>({
    store,
    key: { kind: 'ZoneInsight', mesh: '', name: zone },
    author: CONTROL_PLANE_AUTHOR,
    fence: leadership.fence,
    change: (stored) => {
      if (!stored) return undefined;
      const subscriptions = (stored.spec.subscriptions ?? []).map((s) => (s.id === id ? closeSubscription(s, now) : s));
      const { owner, labels } = stored.meta;
      return { spec: { ...stored.spec, subscriptions }, labels, ...(owner ? { owner } : {}) };
    },
  });
}
