import type { SnapshotResource, SnapshotType } from './snapshot.js';

/**
 * Resources that left the snapshot together with a resource that needs them and that the client
 * still has. They stay on offer until that one is gone: a cluster on its way to the client would
 * otherwise wait for endpoints that are no more, and Envoy answers nothing meanwhile.
 */
export class Departing {
  private readonly kept = new Map<string, SnapshotResource>();
  private current: SnapshotType | undefined;
  private merged: SnapshotType | undefined;

  /** The type as the client should see it; `undefined` where nothing is kept. */
  get type(): SnapshotType | undefined {
    return this.merged;
  }

  /** A new snapshot of the type; `isLeaving` tells whether the client still has what needs a name, and is to lose it. */
  update(now: SnapshotType, isLeaving: (name: string) => boolean): void {
    const before = this.merged ?? this.current;
    const unchanged = before === now;
    this.current = now;
    if (unchanged) return;
    const offered = before?.resources ?? new Map<string, SnapshotResource>();
    this.kept.clear();
    for (const [name, resource] of offered) if (!now.resources.has(name) && isLeaving(name)) this.kept.set(name, resource);
    this.merge();
  }

  /** What needed these names is gone. */
  release(names: readonly string[]): void {
    let released = false;
    for (const name of names) released = this.kept.delete(name) || released;
    if (released) this.merge();
  }

  private merge(): void {
    this.merged = undefined;
    if (this.kept.size === 0 || !this.current) return;
    const kept = [...this.kept.values()].map(({ name, version }) => `${name}@${version}`).join(' ');
    this.merged = { version: `${this.current.version}+${kept}`, resources: new Map([...this.current.resources, ...this.kept]) };
  }
}
