import type { Peer } from '@mesh/core';

interface Known extends Peer {
  readonly facts: Map<string, string>;
  heardAt: number;
}

/** The other instances, by what they say of themselves. Times are milliseconds of a clock that never goes back. */
export class Peers {
  private readonly known = new Map<string, Known>();

  constructor(private readonly ttlMs: number) {}

  get all(): readonly Peer[] {
    return [...this.known.values()];
  }

  /** Somebody said who he is; tells whether that is news. */
  heard(instanceId: string, facts: Readonly<Record<string, string>>, now: number): boolean {
    const before = this.known.get(instanceId);
    const after = new Map(Object.entries(facts));
    this.known.set(instanceId, { instanceId, facts: after, heardAt: now });
    return before === undefined || !sameFacts(before.facts, after);
  }

  /** Somebody said goodbye; tells whether he was known. */
  gone(instanceId: string): boolean {
    return this.known.delete(instanceId);
  }

  has(instanceId: string): boolean {
    return this.known.has(instanceId);
  }

  /** Forgets who has not been heard for too long; returns them. */
  expire(now: number): string[] {
    const silent = [...this.known.values()].filter(({ heardAt }) => now - heardAt > this.ttlMs).map(({ instanceId }) => instanceId);
    for (const instanceId of silent) this.known.delete(instanceId);
    return silent;
  }

  /** Nobody could be heard until now: everybody has his whole time again. */
  renew(now: number): void {
    for (const peer of this.known.values()) peer.heardAt = now;
  }
}

function sameFacts(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([fact, value]) => b.get(fact) === value);
}
