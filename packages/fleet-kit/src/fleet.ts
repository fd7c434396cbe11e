import { setTimeout as delay } from 'node:timers/promises';
import { ContentCache } from './contents.js';
import { ExpectedEndpoints, type FleetZone } from './expected-endpoints.js';
import { OWN_RETRY_POLICY, type RetryPolicy, SimulatedProxy } from './simulated-proxy.js';
import { planFleet, type Shape } from './topology.js';
import { Transport } from './transport.js';
import { Violations } from './violations.js';
import { type Arrival, Watch, type WatchOptions } from './watch.js';
import { TYPES } from './wire/types.js';

export interface FleetOptions extends Omit<Shape, 'zones'> {
  /** One at least. */
  readonly zones: readonly FleetZone[];
  /** PEM of the control planes' certificate; without it every certificate is accepted. */
  readonly ca?: string | undefined;
  /** Token of all dataplanes of the mesh, where the control plane wants one. */
  readonly token?: string | undefined;
  readonly variant: 'sotw' | 'delta';
  readonly streamsPerConnection: number;
  /** Default: as our bootstrap has it. */
  readonly retry?: RetryPolicy | undefined;
  /** Longest wait for a state. */
  readonly deadlineMs: number;
}

/** Traffic and events since the start. */
export interface FleetCounts {
  responses: number;
  receivedBytes: number;
  acknowledged: Record<string, number>;
  disconnects: number;
  /** Reasons of lost streams, with how often. */
  reasons: Record<string, number>;
}

/** How a fleet came up. */
export interface JoinFigures {
  readonly rampupMs: number;
  /** From the last join until every proxy had acknowledged the state that all of them make. */
  readonly settledMs: number;
  readonly late: readonly string[];
}

/** Simulated sidecars of one mesh, what they make of the control plane's answers, and waiting for states of all of them. */
export class Fleet {
  readonly proxies: readonly SimulatedProxy[];
  readonly violations = new Violations();
  readonly counts: FleetCounts = { responses: 0, receivedBytes: 0, acknowledged: {}, disconnects: 0, reasons: {} };
  private readonly transports: readonly Transport[];
  private readonly watches = new Set<Watch<SimulatedProxy>>();
  private readonly expected: ExpectedEndpoints;

  constructor(readonly options: FleetOptions) {
    const { ca, streamsPerConnection, mesh, variant, token, retry = OWN_RETRY_POLICY } = options;
    const cache = new ContentCache();
    const byZone = options.zones.map(({ controlPlanes }) =>
      controlPlanes.map(({ host, port }) => new Transport({ host, port, ca, streamsPerConnection })),
    );
    this.transports = byZone.flat();
    const events = this.events();
    this.proxies = planFleet({ ...options, zones: options.zones.length }).map((plan, index) => {
      const transports = byZone[plan.zone] ?? [];
      const transport = transports[index % transports.length];
      if (!transport) throw new Error('every zone of a fleet needs a control plane');
      return new SimulatedProxy(plan, { mesh, variant, transport, token, retry, cache, events });
    });
    this.expected = new ExpectedEndpoints(options.zones, () => this.joined().map(({ plan }) => plan));
  }

  /** Joins all proxies, evenly over the time, and waits for the state that all of them make. */
  async join(rampupMs: number, signal?: AbortSignal): Promise<JoinFigures> {
    const startedMs = performance.now();
    for (const [index, proxy] of this.proxies.entries()) {
      const waitMs = startedMs + (rampupMs * index) / this.proxies.length - performance.now();
      if (waitMs > 1) await delay(waitMs, undefined, signal ? { signal } : {});
      proxy.join();
    }
    const rampup = performance.now() - startedMs;
    this.membershipChanged();
    const { lastMs, late } = await this.settle();
    return { rampupMs: rampup, settledMs: lastMs, late };
  }

  /** Waits until every joined proxy is connected, complete, and knows all endpoints of what it calls, all at the same time. */
  settle(deadlineMs = this.options.deadlineMs): Promise<Arrival> {
    return this.arrival({ proxies: this.joined(), lacks: (proxy) => this.lacks(proxy), deadlineMs, together: true });
  }

  /** Waits until a state has reached some proxies. The clock starts with this call. */
  async arrival(options: WatchOptions<SimulatedProxy>): Promise<Arrival> {
    const watch = new Watch(options);
    this.watches.add(watch);
    const arrival = await watch.arrived;
    this.watches.delete(watch);
    return arrival;
  }

  /** Checks every joined proxy now and counts what is wrong with it. */
  verify(): void {
    for (const proxy of this.joined()) {
      for (const fault of proxy.envoy.faults()) this.violations.add('incomplete', `${proxy.plan.name}: ${fault}`);
      const lack = this.lacks(proxy);
      if (lack !== undefined && proxy.envoy.faults().length === 0) this.violations.add('wrong-state', `${proxy.plan.name}: ${lack}`);
    }
  }

  /** Proxies of a zone that call a service. */
  callersOf(service: string, zone: number): SimulatedProxy[] {
    return this.joined().filter(({ plan }) => plan.zone === zone && plan.outbounds.includes(service));
  }

  /** Tells the fleet of an endpoint (`address:port`) of a service in a zone that is none of its proxies. */
  expectEndpoint(zone: number, service: string, endpoint: string): void {
    this.expected.add(zone, service, endpoint);
  }

  /** The endpoints told of are gone. */
  expectOwnEndpointsOnly(): void {
    this.expected.ownOnly();
  }

  /** Joined and left proxies make new expectations. */
  membershipChanged(): void {
    this.expected.changed();
  }

  joined(): SimulatedProxy[] {
    return this.proxies.filter((proxy) => proxy.joined);
  }

  /** What a proxy lacks of the final state. */
  lacks(proxy: SimulatedProxy): string | undefined {
    if (!proxy.connected) return 'a stream';
    return this.lacksEndpoints(proxy, proxy.plan.outbounds) ?? proxy.envoy.faults()[0];
  }

  /** Which endpoints a proxy lacks or has too many of. */
  lacksEndpoints(proxy: SimulatedProxy, services: readonly string[]): string | undefined {
    const assignments = proxy.envoy.held(TYPES.endpoints);
    for (const service of services) {
      const held = assignments.get(service);
      if (!held) return `endpoints of ${service}`;
      if (held.content.endpoints !== this.expected.digest(proxy.plan.zone, service)) return `other endpoints of ${service} than it has`;
    }
    return undefined;
  }

  /** Ends all streams. */
  stop(): void {
    for (const proxy of this.proxies) proxy.leave();
    for (const transport of this.transports) transport.destroy();
  }

  private events() {
    const { counts } = this;
    const look = (proxy: SimulatedProxy): void => {
      for (const watch of this.watches) watch.look(proxy);
    };
    return {
      acknowledged: (proxy: SimulatedProxy, typeUrl: string) => {
        const type = typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
        counts.acknowledged[type] = (counts.acknowledged[type] ?? 0) + 1;
        look(proxy);
      },
      connected: look,
      received: (_proxy: SimulatedProxy, bytes: number) => {
        counts.responses += 1;
        counts.receivedBytes += bytes;
      },
      disconnected: (_proxy: SimulatedProxy, reason: string) => {
        counts.disconnects += 1;
        counts.reasons[reason] = (counts.reasons[reason] ?? 0) + 1;
      },
      violated: (_proxy: SimulatedProxy, rule: string, detail: string) => this.violations.add(rule, detail),
    };
  }
}
