import type { Announcement } from '@mesh/core';

/** Where the services of this deployment said they can be reached; newest first. */
export class Announcements {
  private readonly current = new Set<Announcement>();
  private readonly listeners = new Set<() => void>();

  /** Holds an announcement until the signal aborts. */
  async announce(announcement: Announcement, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.current.add(announcement);
    this.notify();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.current.delete(announcement);
    this.notify();
  }

  /** The newest announcement of a service, or undefined where none holds. */
  find(service: Announcement['service']): Announcement | undefined {
    return [...this.current].reverse().find((announcement) => announcement.service === service);
  }

  /** Calls back after every change. */
  subscribe(listener: () => void): { unsubscribe(): void } {
    this.listeners.add(listener);
    return { unsubscribe: () => void this.listeners.delete(listener) };
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
