import { type ConvergenceParts, type ConvergenceWatch, type OpenedControlPlane, Teller } from '@mesh/control-plane';
import {
  type DeliverySource,
  type ProxyConvergence,
  type ResourceView,
  stateOfProxies,
  worstState,
  type ZoneConvergence,
} from '@mesh/core';
import type { KdsSender } from '@mesh/kds';
import type { ZoneInsightSpec, ZoneSpec } from '@mesh/resources';
import { RemoteZones } from './remote-zones.js';
import type { ZoneAnswers } from './zone-answers.js';

/** A zone that is sent what it should have, on this instance. */
export interface ConnectedZone {
  readonly sender: Pick<KdsSender, 'settledRevision'>;
  readonly answers: ZoneAnswers;
  /** Whether it can be asked what its proxies have; a Kuma zone cannot. */
  readonly reports: boolean;
}

type WatchedState = Pick<OpenedControlPlane, 'view' | 'instance'>;

const TELL_INTERVAL_MS = 25;

/**
 * Which zones, and which of their proxies, have a revision of the global (ADR revisions-and-waiting).
 * What a zone has stored the global knows from its ACKs; what the proxies have it asks, and only
 * while somebody wants to know.
 */
export class ZonesConvergence {
  private readonly connections = new Map<string, ConnectedZone>();
  private readonly sources = new Map<string, DeliverySource>();
  private readonly listeners = new Set<(zone: string) => void>();
  private remote = new RemoteZones();

  /** Zones on other instances are asked there, and others may ask for those here. */
  share({ bus, view, instance }: Pick<OpenedControlPlane, 'bus' | 'view' | 'instance'>): void {
    this.remote = new RemoteZones(bus);
    this.remote.serve((asked, listener, signal) => this.watchOwn({ view, instance }, { ...asked, listener, signal }));
  }

  /** A zone began to receive; returns what to do when its stream ends. */
  connected(zone: string, connection: ConnectedZone): () => void {
    connection.answers.onAnswer = () => this.changed(zone);
    const leave = this.place(this.connections, zone, connection);
    const release = this.remote.hold(zone);
    return () => {
      release();
      leave();
    };
  }

  /** A zone can be asked; returns what to do when it no longer can. */
  reporting(zone: string, source: DeliverySource): () => void {
    return this.place(this.sources, zone, source);
  }

  /** Tells the state of all zones, now and after every change. */
  watch({ view, instance }: WatchedState, [revision, listener, signal]: Parameters<ConvergenceWatch>): void {
    const zones = new Map<string, ZoneWatch>();
    const compute = (): ConvergenceParts => {
      const states = namesOf(view, this.connections).map((name) => {
        let zone = zones.get(name);
        if (!zone)
          zones.set(
            name,
            (zone = new ZoneWatch(name, {
              revision,
              view,
              instanceId: instance.id,
              remote: this.remote,
              onChange: () => teller.trigger(),
              signal,
            })),
          );
        return zone.state(this.connections.get(name), this.sources.get(name));
      });
      return { state: worstState(states.map(({ state }) => state)), zones: states };
    };
    const teller = new Teller({ intervalMs: TELL_INTERVAL_MS, compute: () => answered(compute(), zones.values()), listener, signal });
    this.follow(view, teller, signal);
  }

  /** Tells the state of one zone that is connected here. */
  private watchOwn({ view, instance }: WatchedState, { zone, revision, listener, signal }: OwnWatch): void {
    const watch = new ZoneWatch(zone, { revision, view, instanceId: instance.id, onChange: () => teller.trigger(), signal });
    const compute = (): ZoneConvergence | undefined => {
      const state = watch.state(this.connections.get(zone), this.sources.get(zone));
      return watch.isAsked ? undefined : state;
    };
    const teller = new Teller({ intervalMs: TELL_INTERVAL_MS, compute, listener, signal });
    this.follow(view, teller, signal);
  }

  private follow(view: ResourceView, { trigger }: { trigger(): void }, signal: AbortSignal): void {
    const subscriptions = [view.subscribe(trigger), this.remote.subscribe(trigger)];
    this.listeners.add(trigger);
    signal.addEventListener('abort', () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
      this.listeners.delete(trigger);
    });
    trigger();
  }

  private place<T>(map: Map<string, T>, zone: string, value: T): () => void {
    map.set(zone, value);
    this.changed(zone);
    return () => {
      if (map.get(zone) !== value) return;
      map.delete(zone);
      this.changed(zone);
    };
  }

  private changed(zone: string): void {
    for (const listener of this.listeners) listener(zone);
  }
}

/** Nothing is told before every zone that was asked has answered once. */
function answered(parts: ConvergenceParts, zones: Iterable<ZoneWatch>): ConvergenceParts | undefined {
  for (const zone of zones) if (zone.isAsked) return undefined;
  return parts;
}

/** Zones that exist, but for disabled ones that are away. */
function namesOf(view: ResourceView, connections: ReadonlyMap<string, unknown>): string[] {
  const known = view.list<ZoneSpec>('Zone').filter(({ meta, spec }) => spec.enabled !== false || connections.has(meta.name));
  return [...new Set([...known.map(({ meta }) => meta.name), ...connections.keys()])].sort();
}

interface OwnWatch {
  readonly zone: string;
  readonly revision: number;
  readonly listener: (state: ZoneConvergence) => void;
  readonly signal: AbortSignal;
}

interface ZoneWatchOptions {
  readonly revision: number;
  readonly view: ResourceView;
  readonly instanceId: string;
  /** Where zones are asked that are not connected here; absent: nowhere. */
  readonly remote?: RemoteZones;
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

/** The instance that is asked about a zone, and its last word. */
interface Elsewhere {
  readonly instanceId: string;
  readonly over: AbortController;
  state: ZoneConvergence | undefined;
  failed: boolean;
}

/** One zone, while somebody wants to know. */
class ZoneWatch {
  private asked: { readonly source: DeliverySource; readonly over: AbortController } | undefined;
  private proxies: ProxyConvergence | undefined;
  private elsewhere: Elsewhere | undefined;

  constructor(
    private readonly zone: string,
    private readonly options: ZoneWatchOptions,
  ) {}

  /** It was asked, and has not answered yet. */
  get isAsked(): boolean {
    const there = this.elsewhere;
    return (this.asked !== undefined && this.proxies === undefined) || (there !== undefined && there.state === undefined && !there.failed);
  }

  state(connection: ConnectedZone | undefined, source: DeliverySource | undefined): ZoneConvergence {
    const { zone } = this;
    const { revision } = this.options;
    if (!connection) {
      this.forget();
      return this.onAnotherInstance() ?? this.whileAway();
    }
    this.forgetElsewhere();
    if (connection.sender.settledRevision < revision) return { zone, state: 'pending', stored: false, reason: 'has not stored it yet' };
    const refusals = connection.answers.refusalsUpTo(revision);
    if (refusals.length > 0) return { zone, state: 'refused', stored: false, reason: 'refused a resource', refusals };
    if (!connection.reports) return { zone, state: 'unknown', stored: true, reason: 'does not tell what its proxies have' };
    if (!source) {
      this.forget();
      return { zone, state: 'pending', stored: true, reason: 'has not begun to report yet' };
    }
    this.ask(source);
    const { proxies } = this;
    if (!proxies) return { zone, state: 'pending', stored: true, reason: 'has not answered yet' };
    return { zone, state: stateOfProxies(proxies), stored: true, proxies };
  }

  private ask(source: DeliverySource): void {
    if (this.asked?.source === source) return;
    this.forget();
    const over = new AbortController();
    this.asked = { source, over };
    // Everything up to the revision is stored there: what the zone has now includes it.
    source.watch(
      'now',
      (proxies) => {
        if (over.signal.aborted) return;
        this.proxies = proxies;
        this.options.onChange();
      },
      AbortSignal.any([over.signal, this.options.signal]),
    );
  }

  private forget(): void {
    this.asked?.over.abort();
    this.asked = undefined;
    this.proxies = undefined;
  }

  /** What another instance says of the zone; undefined where none in reach has it, or none answers. */
  private onAnotherInstance(): ZoneConvergence | undefined {
    const instanceId = this.options.remote?.holder(this.zone);
    if (instanceId === undefined) {
      this.forgetElsewhere();
      return undefined;
    }
    if (this.elsewhere?.instanceId !== instanceId) this.askElsewhere(instanceId);
    const { state, failed } = this.elsewhere ?? {};
    if (failed) return undefined;
    return state ?? { zone: this.zone, state: 'pending', reason: `instance ${instanceId} has not answered yet` };
  }

  private askElsewhere(instanceId: string): void {
    this.forgetElsewhere();
    const { zone } = this;
    const { remote, revision, signal, onChange } = this.options;
    const there: Elsewhere = { instanceId, over: new AbortController(), state: undefined, failed: false };
    this.elsewhere = there;
    const onState = (state: ZoneConvergence): void => {
      there.state = state;
      onChange();
    };
    const onEnd = (): void => {
      there.failed = true;
      onChange();
    };
    remote?.watch({ instanceId, zone, revision }, { onState, onEnd }, AbortSignal.any([there.over.signal, signal]));
  }

  private forgetElsewhere(): void {
    this.elsewhere?.over.abort();
    this.elsewhere = undefined;
  }

  private whileAway(): ZoneConvergence {
    const { zone } = this;
    const { view, instanceId } = this.options;
    const insight = view.find<ZoneInsightSpec>('ZoneInsight', '', zone)?.spec;
    const open = insight?.subscriptions?.findLast((each) => each.disconnectTime === undefined);
    // The insight may lag behind: what it says of this instance is no longer true.
    if (!open || open.globalInstanceId === instanceId) return { zone, state: 'missing', reason: 'is not connected' };
    return { zone, state: 'unknown', reason: `is connected to instance ${open.globalInstanceId ?? ''}` };
  }
}
