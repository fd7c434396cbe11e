import type { FeedEvent } from '@mesh/core';

/**
 * Hands events to one listener in order. What a listener causes while it runs is delivered
 * after it returned, so that no listener sees a revision before an earlier one.
 */
export class Follower {
  private readonly queue: FeedEvent[] = [];
  private draining = false;
  private stopped = false;

  constructor(
    private readonly listener: (event: FeedEvent) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  push(event: FeedEvent): void {
    this.queue.push(event);
    if (this.draining) return;
    this.draining = true;
    try {
      for (let next = this.queue.shift(); next && !this.stopped; next = this.queue.shift()) this.deliver(next);
    } finally {
      this.draining = false;
    }
  }

  stop(): void {
    this.stopped = true;
  }

  private deliver(event: FeedEvent): void {
    try {
      this.listener(event);
    } catch (error) {
      this.onError(error);
    }
  }
}
