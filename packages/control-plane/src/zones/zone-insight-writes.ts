import type { ResourceStore } from '@mesh/core';
import type { ZoneInsightSpec } from '@mesh/resources';
import { CONTROL_PLANE_AUTHOR } from '../instance.js';
import { updateResource } from '../update-resource.js';

/** A change of a ZoneInsight: new content from what is stored. It may run more than once. */
export type ZoneInsightChange = (spec: ZoneInsightSpec) => ZoneInsightSpec;

interface Waiting {
  readonly changes: ZoneInsightChange[];
  readonly outcome: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** Insights that are read and written at once: each takes a connection, which the zones' own resources need too. */
const AT_ONCE = 8;

/**
 * Writes ZoneInsights. What is wanted of one zone while it waits, or while an earlier write of it is under way, is one write;
 * so a hundred zones that come at once take turns here and not, until they time out, at the connections of the store.
 */
export class ZoneInsightWrites {
  private readonly waiting = new Map<string, Waiting>();
  private readonly underWay = new Set<string>();

  constructor(private readonly store: ResourceStore) {}

  /** Changes a ZoneInsight, or makes it; nothing where the Zone does not exist. Resolves when it is stored. */
  update(zone: string, change: ZoneInsightChange): Promise<void> {
    const waiting = this.waiting.get(zone) ?? this.newlyWaiting(zone);
    waiting.changes.push(change);
    this.writeSome();
    return waiting.outcome;
  }

  private newlyWaiting(zone: string): Waiting {
    const { promise, resolve, reject } = withResolvers();
    const waiting = { changes: [], outcome: promise, resolve, reject };
    this.waiting.set(zone, waiting);
    return waiting;
  }

  private writeSome(): void {
    for (const [zone, waiting] of this.waiting) {
      if (this.underWay.size >= AT_ONCE) return;
      // Its own writes would only race each other.
      if (this.underWay.has(zone)) continue;
      this.waiting.delete(zone);
      this.underWay.add(zone);
      void this.write(zone, waiting.changes)
        .then(waiting.resolve, waiting.reject)
        .then(() => {
          this.underWay.delete(zone);
          this.writeSome();
        });
    }
  }

  private async write(zone: string, changes: readonly ZoneInsightChange[]): Promise<void> {
    const owner = { kind: 'Zone', mesh: '', name: zone };
    // An insight of a zone that was deleted would show it again.
    if (!(await this.store.get(owner))) return;
    await updateResource<ZoneInsightSpec>({
      store: this.store,
      key: { kind: 'ZoneInsight', mesh: '', name: zone },
      author: CONTROL_PLANE_AUTHOR,
      change: (stored) => ({
        spec: changes.reduce((spec, change) => change(spec), stored?.spec ?? {}),
        labels: stored?.meta.labels ?? {},
        owner,
      }),
    });
  }
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (error: unknown) => void } {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
