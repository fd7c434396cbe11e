import { setTimeout as delay } from 'node:timers/promises';
import { ContentCache, endpointsDigest } from './contents.js';
import { SimulatedProxy } from './simulated-proxy.js';
import { type DataplanePlan, planFleet, type Shape } from './topology.js';
import { Transport } from './transport.js';
import { Violations } from './violations.js';
import { type Arrival, Watch } from './watch.js';
import { TYPES } from './wire/types.js';

export interface FleetOptions extends Shape {
  /** Control planes; dataplanes take turns. */
  readonly controlPlanes: readonly { readonly host: string; readonly port: number }[];
  /** PEM of the control planes' certificate; without it every certificate is accepted. */
  readonly ca?: string | undefined;
  /** Token of all dataplanes of the mesh, where the control plane wants one. */
  readonly token?: string | undefined;
  readonly variant: 'sotw' | 'delta';
  readonly streamsPerConnection: number;
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
  private readonly watches = new Set<Watch>();
  /** Endpoints beyond those of the fleet, by service. */
  private readonly extra = new Map<string, string>();
  private digests = new Map<string, string>();

  constructor(readonly options: FleetOptions) {
    const { ca, streamsPerConnection, mesh, variant, token } = options;
    const cache = new ContentCache();
    this.transports = options.controlPlanes.map(({ host, port }) => new Transport({ host, port, ca, streamsPerConnection }));
    const events = this.events();
    this.proxies = planFleet(options).map((plan, index) => {
      const transport = this.transports[index % this.transports.length];
      if (!transport) throw new Error('a fleet needs a control plane');
      return new SimulatedProxy(plan, { mesh, variant, transport, token, cache, events });
    });
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

  /** Waits until every joined proxy is connected, complete, and knows all endpoints of what it calls. */
  settle(deadlineMs = this.options.deadlineMs): Promise<Arrival> {
    return this.arrival({ proxies: this.joined(), lacks: (proxy) => this.lacks(proxy), deadlineMs });
  }

  /** Waits until a state has reached some proxies. The clock starts with this call. */
  async arrival(options: ConstructorParameters<typeof Watch>[0]): Promise<Arrival> {
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

  /** Proxies that call a service. */
  callersOf(service: string): SimulatedProxy[] {
    return this.joined().filter((proxy) => proxy.plan.outbounds.includes(service));
  }

  /** Tells the fleet of an endpoint of a service that is none of its proxies. */
  expectEndpoint(service: string, address: string): void {
    this.extra.set(service, address);
    this.membershipChanged();
  }

  /** The endpoints told of are gone. */
  expectOwnEndpointsOnly(): void {
    this.extra.clear();
    this.membershipChanged();
  }

  /** Joined and left proxies make new expectations. */
  membershipChanged(): void {
    this.digests = new Map();
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
      if (held.content.endpoints !== this.digestOf(service)) return `other endpoints of ${service} than it has`;
    }
    return undefined;
  }

  /** Ends all streams. */
  stop(): void {
    for (const proxy of this.proxies) proxy.leave();
    for (const transport of this.transports) transport.destroy();
  }

  private digestOf(service: string): string {
    let digest = this.digests.get(service);
    if (digest === undefined) {
      const addresses = this.joined()
        .filter(({ plan }) => plan.service === service)
        .map(({ plan }) => addressOf(plan));
      const extra = this.extra.get(service);
      digest = endpointsDigest(extra === undefined ? addresses : [...addresses, extra]);
      this.digests.set(service, digest);
    }
    return digest;
  }

  private events() {
    const { counts } = this;
    return {
      acknowledged: (proxy: SimulatedProxy, typeUrl: string) => {
        const type = typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
        counts.acknowledged[type] = (counts.acknowledged[type] ?? 0) + 1;
        for (const watch of this.watches) watch.look(proxy);
      },
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

function addressOf({ address, port }: DataplanePlan): string {
  return `${address}:${port}`;
}
