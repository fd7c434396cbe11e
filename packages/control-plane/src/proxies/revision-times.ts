import type { ResourceView } from '@mesh/core';

/** Events remembered; a proxy that is further behind is not measured. */
const EVENTS_MAX = 4096;

/** Remembers when each of the last changes reached the view. */
export class RevisionTimes {
  private readonly events: { readonly revision: number; readonly atMs: number }[] = [];
  private readonly subscription: { unsubscribe(): void };

  constructor(view: ResourceView) {
    this.subscription = view.subscribe(({ revision }) => {
      this.events.push({ revision, atMs: performance.now() });
      if (this.events.length > 2 * EVENTS_MAX) this.events.splice(0, EVENTS_MAX);
    });
  }

  /** `performance.now` of the first change after a revision; undefined where there is none, or it is too long ago. */
  after(revision: number): number | undefined {
    const { events } = this;
    const [first] = events;
    if (!first || revision < 0 || revision < first.revision - 1) return undefined;
    let [low, high] = [0, events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return events[low]?.atMs;
  }

  /** Remembers no more. */
  stop(): void {
    this.subscription.unsubscribe();
  }
}
