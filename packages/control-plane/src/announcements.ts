import { type Announcement, holderOf, type InstanceBus, loneBus } from '@mesh/core';

const factOf = (service: Announcement['service']): string => `announced/${service}`;

/** Where the services of this deployment said they can be reached, to this instance or another one; newest first. */
export class Announcements {
  private readonly current = new Set<Announcement>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly bus: InstanceBus = loneBus('')) {
    bus.subscribe(() => this.notify());
  }

  /** Holds an announcement until the signal aborts. */
  async announce(announcement: Announcement, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.current.add(announcement);
    this.tellPeers(announcement.service);
    this.notify();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.current.delete(announcement);
    this.tellPeers(announcement.service);
    this.notify();
  }

  /** The newest announcement of a service to this instance, else one to another instance; undefined where none holds. */
  find(service: Announcement['service']): Announcement | undefined {
    return this.own(service) ?? readAnnouncement(holderOf(this.bus, factOf(service))?.facts.get(factOf(service)));
  }

  /** Calls back after every change. */
  subscribe(listener: () => void): { unsubscribe(): void } {
    this.listeners.add(listener);
    return { unsubscribe: () => void this.listeners.delete(listener) };
  }

  private readonly releases = new Map<Announcement['service'], () => void>();

  private tellPeers(service: Announcement['service']): void {
    const own = this.own(service);
    const release = this.releases.get(service);
    if (own) this.releases.set(service, this.bus.hold(factOf(service), JSON.stringify(own)));
    else release?.();
  }

  private own(service: Announcement['service']): Announcement | undefined {
    return [...this.current].reverse().find((announcement) => announcement.service === service);
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}

/** What a peer says may be of another build. */
function readAnnouncement(text: string | undefined): Announcement | undefined {
  if (text === undefined) return undefined;
  try {
    const { service, host, port } = JSON.parse(text) as Partial<Announcement>;
    return service && typeof host === 'string' && typeof port === 'number' ? { service, host, port } : undefined;
  } catch {
    return undefined;
  }
}
