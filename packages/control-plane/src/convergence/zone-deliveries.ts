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
}

/** One watch of all sources. */
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
  async add(source: DeliverySource, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const entry: Source = { source, gone: signal };
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
    const states = new Map<Source, ProxyConvergence | undefined>();
    const compute = (): ProxyConvergence | undefined => this.merged([...states.values()]);
    const teller = new Teller({ intervalMs: REPORT_INTERVAL_MS, compute, listener, signal });
    const watch: Watch = {
      join: (entry) => {
        states.set(entry, undefined);
        const onState = (state: ProxyConvergence): void => {
          states.set(entry, state);
          teller.trigger();
        };
        entry.source.watch(wanted, onState, AbortSignal.any([signal, entry.gone]));
      },
      leave: (entry) => {
        states.delete(entry);
        teller.trigger();
      },
    };
    this.watches.add(watch);
    signal.addEventListener('abort', () => this.watches.delete(watch), { once: true });
    for (const entry of this.sources) watch.join(entry);
    teller.trigger();
  }

  /** Undefined before every source has told something. */
  private merged(states: readonly (ProxyConvergence | undefined)[]): ProxyConvergence | undefined {
    const known = states.filter((state) => state !== undefined);
    if (known.length < states.length) return undefined;
    const sum = (field: 'connected' | 'converged' | 'unknown'): number => known.reduce((total, state) => total + state[field], 0);
    const instances = known.flatMap((state) => state.instances).sort();
    const { total, elsewhere } = this.count(new Set(instances));
    const connected = sum('connected');
    const unknown = sum('unknown') + elsewhere;
    return {
      connected,
      converged: sum('converged'),
      unknown,
      offline: Math.max(0, total - connected - unknown),
      lagging: refusalsFirst(known.flatMap((state) => state.lagging)).slice(0, LAGGING_MAX),
      instances,
    };
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

/** The instance an insight says the proxy is connected to. */
function serverOf(insight: Resource<DataplaneInsightSpec> | undefined): string | undefined {
  if (!isConnected(insight?.spec)) return undefined;
  return insight?.spec.subscriptions?.findLast((each) => each.disconnectTime === undefined)?.controlPlaneInstanceId;
}
