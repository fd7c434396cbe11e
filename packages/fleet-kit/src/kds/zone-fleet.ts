import { setTimeout as delay } from 'node:timers/promises';
import type { DescriptorRegistry } from '@mesh/core';
import { Violations } from '../violations.js';
import { type Arrival, Watch } from '../watch.js';
import { SimulatedZone } from './simulated-zone.js';

export interface ZoneFleetOptions {
  readonly zones: number;
  /** `grpcs://host:port` of the global. */
  readonly address: string;
  readonly registry: DescriptorRegistry;
  /** Puts a zone's own resources in; `index` counts from 0. */
  readonly fill: (zone: SimulatedZone, index: number) => void;
  /** Longest wait for a state, in milliseconds. */
  readonly deadlineMs: number;
}

/** What travelled since the start; resources count removals too. */
export interface KdsTraffic {
  readonly toZones: { responses: number; resources: number };
  readonly toGlobal: { responses: number; resources: number };
  disconnects: number;
}

/** Simulated zones of one global, what travels between them, and waiting for states of all of them. */
export class ZoneFleet {
  readonly zones: readonly SimulatedZone[];
  readonly violations = new Violations();
  readonly traffic: KdsTraffic = { toZones: { responses: 0, resources: 0 }, toGlobal: { responses: 0, resources: 0 }, disconnects: 0 };
  private readonly watches = new Set<Watch<SimulatedZone>>();
  /** Ingresses of all zones. */
  private readonly crossing: number;
  private lastMessageMs = 0;

  constructor(readonly options: ZoneFleetOptions) {
    const { zones, address, registry, fill } = options;
    const events = {
      received: (zone: SimulatedZone, { resources, removed }: { resources: readonly unknown[]; removed: readonly unknown[] }) => {
        this.count(this.traffic.toZones, resources.length + removed.length);
        this.look(zone);
      },
      sent: (_zone: SimulatedZone, _kind: string, resources: number) => this.count(this.traffic.toGlobal, resources),
      advanced: (zone: SimulatedZone) => this.look(zone),
      disconnected: () => void (this.traffic.disconnects += 1),
    };
    this.zones = Array.from({ length: zones }, (_, index) => {
      const zone = new SimulatedZone({ name: `fleet-zone-${index}`, address, registry, events });
      fill(zone, index);
      return zone;
    });
    this.crossing = this.zones.reduce((sum, { own }) => sum + own.resources('ZoneIngress').size, 0);
  }

  /** Starts all zones, evenly over the time, and waits until each has all it should have. */
  async join(rampupMs: number): Promise<Arrival> {
    const startedMs = performance.now();
    for (const [index, zone] of this.zones.entries()) {
      const waitMs = startedMs + (rampupMs * index) / this.zones.length - performance.now();
      if (waitMs > 1) await delay(waitMs);
      zone.start();
    }
    return this.settle();
  }

  /** Waits until zones are connected, have every first answer, the crossing resources of all others, and every ACK of the global. */
  settle(zones: readonly SimulatedZone[] = this.zones): Promise<Arrival> {
    return this.arrival(zones, (zone) => this.lacks(zone));
  }

  /** Waits until zones lack nothing any more; the clock starts with this call. */
  async arrival(zones: readonly SimulatedZone[], lacks: (zone: SimulatedZone) => string | undefined): Promise<Arrival> {
    const watch = new Watch({ proxies: zones, lacks, deadlineMs: this.options.deadlineMs });
    this.watches.add(watch);
    const arrival = await watch.arrived;
    this.watches.delete(watch);
    for (const name of arrival.late) this.violations.add('late', name);
    return arrival;
  }

  /** Resolves when no message came or went for so long; false at the deadline. */
  async quiet(forMs: number): Promise<boolean> {
    const end = performance.now() + this.options.deadlineMs;
    while (performance.now() < end) {
      const waitMs = this.lastMessageMs + forMs - performance.now();
      if (waitMs <= 0) return true;
      await delay(waitMs);
    }
    return false;
  }

  /** Holds what every zone has against what the others have, and counts differences. Call it when nothing is under way. */
  verify(): void {
    const everything = new Map<string, Map<string, string>>();
    for (const zone of this.zones) for (const kind of zone.receivedKinds) this.gather(zone, kind, everything);
    for (const [kind, all] of everything) {
      for (const zone of this.zones) {
        const own = zone.own.resources(kind);
        const missing = [...all.keys()].filter((name) => !zone.versions(kind).has(name) && !own.has(name));
        if (missing.length > 0) this.violations.add('incomplete', `${zone.name} lacks ${missing.length} of ${kind}: ${missing[0]}`);
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.zones.map((zone) => zone.stop()));
  }

  private gather(zone: SimulatedZone, kind: string, everything: Map<string, Map<string, string>>): void {
    const all = everything.get(kind) ?? new Map<string, string>();
    everything.set(kind, all);
    const own = zone.own.resources(kind);
    for (const [name, version] of zone.versions(kind)) {
      if (own.has(name)) this.violations.add('own-returned', `${zone.name} was sent its own ${kind} ${name}`);
      const known = all.get(name);
      if (known === undefined) all.set(name, version);
      else if (known !== version) this.violations.add('two-versions', `${zone.name} has another ${kind} ${name} than others`);
    }
  }

  private lacks(zone: SimulatedZone): string | undefined {
    if (!zone.isCurrent) return 'answers of the global';
    const ingresses = zone.versions('ZoneIngress').size;
    const wanted = this.crossing - zone.own.resources('ZoneIngress').size;
    return ingresses === wanted ? undefined : `${wanted - ingresses} ingresses of other zones`;
  }

  private count(counter: { responses: number; resources: number }, resources: number): void {
    this.lastMessageMs = performance.now();
    counter.responses += 1;
    counter.resources += resources;
  }

  private look(zone: SimulatedZone): void {
    for (const watch of this.watches) watch.look(zone);
  }
}
