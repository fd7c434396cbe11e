import type { FeedEvent } from '@mesh/core';

interface Follower {
  readonly listener: (event: FeedEvent) => void;
  stopped: boolean;
}

/**
 * Hands events to all followers in order. What a listener causes while it runs is delivered
 * after all followers had the present event, so that none sees a revision before an earlier one.
 */
export class Feed {
  private readonly followers = new Set<Follower>();
  private readonly queue: Array<{ event: FeedEvent; to: readonly Follower[] }> = [];
  private draining = false;

  constructor(private readonly onError: (error: unknown) => void) {}

  /** Adds a follower and gives it its first event at once. */
  add(listener: (event: FeedEvent) => void, first: FeedEvent): { stop(): Promise<void> } {
    const follower = { listener, stopped: false };
    this.followers.add(follower);
    this.deliver(first, [follower]);
    return {
      stop: async () => {
        follower.stopped = true;
        this.followers.delete(follower);
      },
    };
  }

  push(event: FeedEvent): void {
    this.queue.push({ event, to: [...this.followers] });
    if (this.draining) return;
    this.draining = true;
    for (let next = this.queue.shift(); next; next = this.queue.shift()) this.deliver(next.event, next.to);
    this.draining = false;
  }

  close(): void {
    for (const follower of this.followers) follower.stopped = true;
    this.followers.clear();
  }

  private deliver(event: FeedEvent, to: readonly Follower[]): void {
    for (const follower of to) {
      if (follower.stopped) continue;
      try {
        follower.listener(event);
      } catch (error) {
        this.onError(error);
      }
    }
  }
}
