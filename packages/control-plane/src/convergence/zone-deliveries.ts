import {
  type DeliverySource,
  LABEL_ORIGIN,
  LAGGING_MAX,
  ORIGIN_GLOBAL,
  type ProxyConvergence,
  type Resource,
  type ResourceView,
} from '@mesh/core';
import type { DataplaneInsightSpec } from '@mesh/resources';
import { isConnected } from '../insights/proxy-status.js';
import { refusalsFirst } from '../proxies/delivery-source.js';
import { Teller } from './teller.js';

const PROXY_KINDS = ['Dataplane', 'ZoneIngress', 'ZoneEgress'];
const REPORT_INTERVAL_MS = 25;

interface Source {
  readonly source: DeliverySource;
  /** Aborts when the source leaves. */
  readonly gone: AbortSignal;
  /** The proxies of another instance of this control plane. */
  readonly remote: boolean;
}

interface WatchOptions {
  readonly revision: number;
  readonly includes: (source: Source) => boolean;
  readonly merge: (states: readonly (ProxyConvergence | undefined)[]) => ProxyConvergence | undefined;
  readonly listener: (state: ProxyConvergence) => void;
  readonly signal: AbortSignal;
}

/** One watch of some sources. */
interface Watch {
  join(source: Source): void;
  leave(source: Source): void;
}

/**
 * What the proxies of a zone have, put together from all their servers: this process, the ingress
 * managers. Proxies that insights say are with a server that does not report are counted as unknown.
 */
export class ZoneDeliveries implements DeliverySource {
  private readonly sources = new Set<Source>();
  private readonly watches = new Set<Watch>();
  private stored = -1;

  constructor(private readonly view: ResourceView) {}

  /** Adds a server of proxies until the signal aborts. */
  add(source: DeliverySource, signal: AbortSignal): Promise<void> {
    return this.join({ source, gone: signal, remote: false });
  }

  /** Adds another instance with all its servers of proxies. */
  addRemote(source: DeliverySource, signal: AbortSignal): Promise<void> {
    return this.join({ source, gone: signal, remote: true });
  }

  private async join(entry: Source): Promise<void> {
    const { gone: signal } = entry;
    if (signal.aborted) return;
    this.sources.add(entry);
    for (const watch of this.watches) watch.join(entry);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.sources.delete(entry);
    for (const watch of this.watches) watch.leave(entry);
  }

  /** A revision that was written and that the view may not show yet: `'now'` includes it. */
  noteStored(revision: number): void {
    this.stored = Math.max(this.stored, revision);
  }

  watch(revision: number | 'now', listener: (state: ProxyConvergence) => void, signal: AbortSignal): void {
    const wanted = revision === 'now' ? Math.max(this.stored, this.view.revision) : revision;
    this.begin({ revision: wanted, includes: () => true, merge: (states) => this.merged(states), listener, signal });
  }

  /** Like `watch`, of this instance alone: for the others, who count the zone themselves. */
  watchOwn(revision: number, listener: (state: ProxyConvergence) => void, signal: AbortSignal): void {
    const merge = (states: readonly (ProxyConvergence | undefined)[]) => sumOf(states);
    this.begin({ revision, includes: ({ remote }) => !remote, merge, listener, signal });
  }

  private begin({ revision, includes, merge, listener, signal }: WatchOptions): void {
    const states = new Map<Source, ProxyConvergence | undefined>();
    const compute = (): ProxyConvergence | undefined => merge([...states.values()]);
    const teller = new Teller({ intervalMs: REPORT_INTERVAL_MS, compute, listener, signal });
    const watch: Watch = {
      join: (entry) => {
        if (!includes(entry)) return;
        states.set(entry, undefined);
        const onState = (state: ProxyConvergence): void => {
          states.set(entry, state);
          teller.trigger();
        };
        entry.source.watch(revision, onState, AbortSignal.any([signal, entry.gone]));
      },
      leave: (entry) => {
        if (states.delete(entry)) teller.trigger();
      },
    };
    this.watches.add(watch);
    signal.addEventListener('abort', () => this.watches.delete(watch), { once: true });
    for (const entry of this.sources) watch.join(entry);
    teller.trigger();
  }

  /** Undefined before every source has told something. */
  private merged(states: readonly (ProxyConvergence | undefined)[]): ProxyConvergence | undefined {
    const served = sumOf(states);
    if (!served) return undefined;
    const { total, elsewhere } = this.count(new Set(served.instances));
    const unknown = served.unknown + elsewhere;
    return { ...served, unknown, offline: Math.max(0, total - served.connected - unknown) };
  }

  private count(reporting: ReadonlySet<string>): { total: number; elsewhere: number } {
    let total = 0;
    let elsewhere = 0;
    for (const kind of PROXY_KINDS) {
      for (const { meta } of this.view.list(kind)) {
        if (meta.labels[LABEL_ORIGIN] === ORIGIN_GLOBAL) continue;
        total++;
        const server = serverOf(this.view.find<DataplaneInsightSpec>(`${kind}Insight`, meta.mesh, meta.name));
        if (server !== undefined && !reporting.has(server)) elsewhere++;
      }
    }
    return { total, elsewhere };
  }
}

/** All servers together; undefined before every one of them has told something. */
function sumOf(states: readonly (ProxyConvergence | undefined)[]): ProxyConvergence | undefined {
  const known = states.filter((state) => state !== undefined);
  if (known.length < states.length) return undefined;
  const sum = (field: 'connected' | 'converged' | 'unknown'): number => known.reduce((total, state) => total + state[field], 0);
  return {
    connected: sum('connected'),
    converged: sum('converged'),
    unknown: sum('unknown'),
    offline: 0,
    lagging: refusalsFirst(known.flatMap((state) => state.lagging)).slice(0, LAGGING_MAX),
    instances: known.flatMap((state) => state.instances).sort(),
  };
}

/** The instance an insight says the proxy is connected to. */
function serverOf(insight: Resource<DataplaneInsightSpec> | undefined): string | undefined {
  if (!isConnected(insight?.spec)) return undefined;
  return insight?.spec.subscriptions?.findLast((each) => each.disconnectTime === undefined)?.controlPlaneInstanceId;
}
