import { type DeliverySource, LAGGING_MAX, type ProxyConvergence, type ProxyLag, type ResourceKey, type ResourceView } from '@mesh/core';
import { Teller } from '../convergence/teller.js';
import type { DeliveryState } from './delivery.js';
import type { SnapshotEngine } from './engine.js';

/** Reports of one server are at least so far apart: what 1,000 proxies answer is told in a few of them. */
const REPORT_INTERVAL_MS = 25;

/** What the proxies served here have. */
export class ProxyDeliveries implements DeliverySource {
  constructor(private readonly options: { readonly engine: SnapshotEngine; readonly view: ResourceView; readonly instanceId: string }) {}

  watch(revision: number | 'now', listener: (state: ProxyConvergence) => void, signal: AbortSignal): void {
    const { engine, view } = this.options;
    const wanted = revision === 'now' ? view.revision : revision;
    const teller = new Teller({ intervalMs: REPORT_INTERVAL_MS, compute: () => this.stateAt(wanted), listener, signal });
    const subscription = engine.onProgress(teller.trigger);
    signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true });
    // A revision of which this view is told nothing comes without an event.
    view.waitFor(wanted, signal).then(
      () => engine.invalidate(),
      () => {},
    );
    teller.trigger();
  }

  private stateAt(revision: number): ProxyConvergence {
    const lagging: ProxyLag[] = [];
    let connected = 0;
    for (const [key, state] of this.options.engine.progress()) {
      connected++;
      if (state.ackedRevision < revision) lagging.push(lagOf(key, state));
    }
    return {
      connected,
      converged: connected - lagging.length,
      unknown: 0,
      offline: 0,
      lagging: refusalsFirst(lagging).slice(0, LAGGING_MAX),
      instances: [this.options.instanceId],
    };
  }
}

/** Proxies that will not have it before those that may. */
export function refusalsFirst(lagging: readonly ProxyLag[]): ProxyLag[] {
  return [...lagging].sort((a, b) => Number(a.state === 'pending') - Number(b.state === 'pending') || compareNames(a, b));
}

function compareNames(a: ProxyLag, b: ProxyLag): number {
  const [left, right] = [`${a.mesh}/${a.name}`, `${b.mesh}/${b.name}`];
  return left < right ? -1 : Number(left > right);
}

function lagOf({ kind, mesh, name }: ResourceKey, { nack, error }: DeliveryState): ProxyLag {
  if (nack) return { kind, mesh, name, state: 'refused', reason: `${nack.typeUrl.replace(/^.*\./, '')}: ${nack.message}` };
  if (error !== undefined) return { kind, mesh, name, state: 'failed', reason: error };
  return { kind, mesh, name, state: 'pending' };
}
