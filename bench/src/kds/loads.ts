import { setTimeout as delay } from 'node:timers/promises';
import { buildRegistry } from '@mesh/control-plane';
import { DurationHistogram, type Durations } from '@mesh/fleet-kit';
import { dataplaneSpec, fillZone, type SimulatedZone, ZoneFleet, zoneIngress } from '@mesh/fleet-kit/kds';
import { ConnectionBytes } from './connection-bytes.js';
import { GlobalSystem } from './system.js';

/** How many zones come, and what each of them has. */
export interface KdsSize {
  readonly zones: number;
  /** Services of each zone, each with a Dataplane and its insight; all are entries of the zone's ingress. */
  readonly services: number;
  /** MeshServices too, which every zone is sent of every other. */
  readonly meshServices: boolean;
  readonly rampupMs: number;
}

export interface KdsLoadOptions {
  readonly size: KdsSize;
  readonly idleSeconds: number;
  readonly policyChanges: number;
  readonly zoneChanges: number;
  readonly binDir: string;
  readonly profileDir: string | undefined;
  readonly onStep: (what: string) => () => void;
}

/** Changes of one sort: how long they took, and what the global spent on each. */
export interface KdsChangeFigures {
  /** From the write until the last zone had it. */
  readonly lastMs: Durations;
  readonly cpuMs: number;
  /** On all connections, both ways. */
  readonly bytes: number;
}

/** All zones came back at once. */
export interface KdsReturnFigures {
  /** Until all had everything again. */
  readonly settledMs: number;
  readonly cpuSeconds: number;
  /** Sent to zones and by zones, though both sides had them. */
  readonly resourcesSent: number;
}

export interface KdsFigures {
  readonly size: KdsSize;
  readonly joinCpuSeconds: number;
  readonly settledMs: number;
  readonly residentBytes: number;
  readonly idleBytesPerSecond: number | undefined;
  readonly idleMessages: number | undefined;
  readonly idleCpuPercent: number | undefined;
  readonly idleTransactionsPerSecond: number | undefined;
  readonly policy: KdsChangeFigures;
  /** A Dataplane of one zone, until the global has stored it. */
  readonly dataplane: KdsChangeFigures;
  /** An ingress of one zone, until all other zones have it. */
  readonly ingress: KdsChangeFigures;
  /** A policy while a tenth of the zones answer nothing: until the last of the others has it. */
  readonly besideSlow: KdsChangeFigures;
  readonly reconnect: KdsReturnFigures;
  readonly restart: KdsReturnFigures;
  readonly residentBytesAtEnd: number;
  readonly violations: number;
  readonly violationDetails: unknown;
}

const DEADLINE_MS = 600_000;
const MESH = 'default';
const POLICY = 'kds-bench';
/** Counters of streams are written some seconds after the last of them moved. */
const AFTERMATH_MS = 12_000;
const QUIET_MS = 2_000;

/** Runs a global with simulated zones through all loads. */
export async function runKdsLoads(options: KdsLoadOptions): Promise<KdsFigures> {
  const { size, binDir, profileDir } = options;
  const system = await GlobalSystem.start(binDir, profileDir);
  const bytes = new ConnectionBytes(system.kdsPort);
  try {
    const fleet = new ZoneFleet({
      zones: size.zones,
      address: `grpcs://127.0.0.1:${system.kdsPort}`,
      registry: buildRegistry(),
      fill: (zone, index) => fillZone(zone, index, { ...size, mesh: MESH }),
      deadlineMs: DEADLINE_MS,
    });
    try {
      return await new KdsLoads(options, { system, bytes, fleet }).run();
    } finally {
      await fleet.stop();
    }
  } finally {
    bytes.stop();
    await system.stop();
  }
}

interface Subject {
  readonly system: GlobalSystem;
  readonly bytes: ConnectionBytes;
  readonly fleet: ZoneFleet;
}

class KdsLoads {
  private written = 0;

  constructor(
    private readonly options: KdsLoadOptions,
    private readonly subject: Subject,
  ) {}

  async run(): Promise<KdsFigures> {
    const { system, fleet } = this.subject;
    const { size, policyChanges, zoneChanges, idleSeconds } = this.options;
    const before = system.cost().cpuSeconds;
    const joined = this.step(`${size.zones} zones of ${size.services} services join`);
    const { lastMs: settledMs } = await fleet.join(size.rampupMs);
    const { cpuSeconds, residentBytes } = system.cost();
    joined();
    const idle = idleSeconds > 0 ? await this.idle(idleSeconds) : undefined;
    const policy = await this.changes('a policy', policyChanges, () => this.changePolicy(fleet.zones));
    const dataplane = await this.changes('a dataplane of a zone', zoneChanges, (run) => this.changeDataplane(run));
    const ingress = await this.changes('an ingress of a zone', zoneChanges, (run) => this.changeIngress(run));
    const besideSlow = await this.besideSlow();
    const reconnect = await this.comeBack('all zones reconnect', async () => {
      await Promise.all(fleet.zones.map((zone) => zone.stop()));
      return () => {
        for (const zone of fleet.zones) zone.start();
      };
    });
    await this.changedWhileAway();
    const restart = await this.comeBack('the global restarts', async () => {
      await system.restart();
      return () => {};
    });
    await fleet.quiet(QUIET_MS);
    fleet.verify();
    await this.verifyStored();
    return {
      size,
      joinCpuSeconds: cpuSeconds - before,
      settledMs,
      residentBytes,
      idleBytesPerSecond: idle?.bytesPerSecond,
      idleMessages: idle?.messages,
      idleCpuPercent: idle?.cpuPercent,
      idleTransactionsPerSecond: idle?.transactionsPerSecond,
      policy,
      dataplane,
      ingress,
      besideSlow,
      reconnect,
      restart,
      residentBytesAtEnd: system.cost().residentBytes,
      violations: fleet.violations.count,
      violationDetails: fleet.violations.toJSON(),
    };
  }

  private async idle(seconds: number) {
    const { system, fleet, bytes } = this.subject;
    await delay(AFTERMATH_MS);
    await this.untilQuiet();
    const done = this.step(`idle for ${seconds} s`);
    const messages = () => fleet.traffic.toZones.responses + fleet.traffic.toGlobal.responses;
    const before = { cpu: system.cost().cpuSeconds, sql: await system.transactions(), bytes: bytes.total, messages: messages() };
    const startedMs = performance.now();
    await delay(seconds * 1000);
    const elapsed = (performance.now() - startedMs) / 1000;
    const figures = {
      bytesPerSecond: (bytes.total - before.bytes) / elapsed,
      messages: messages() - before.messages,
      cpuPercent: ((system.cost().cpuSeconds - before.cpu) / elapsed) * 100,
      transactionsPerSecond: ((await system.transactions()) - before.sql) / elapsed,
    };
    if (figures.messages > 0) fleet.violations.add('idle-traffic', `${figures.messages} messages while nothing changed`);
    done();
    return figures;
  }

  private async untilQuiet(): Promise<void> {
    const { fleet } = this.subject;
    if (!(await fleet.quiet(QUIET_MS))) fleet.violations.add('never-quiet', 'messages go on though nothing changes');
  }

  private async changes(what: string, runs: number, change: (run: number) => Promise<number>): Promise<KdsChangeFigures> {
    await this.untilQuiet();
    const done = this.step(`${runs} changes of ${what}`);
    const { system, bytes } = this.subject;
    const before = { cpu: system.cost().cpuSeconds, bytes: bytes.total };
    const histogram = new DurationHistogram();
    for (let run = 0; run < runs; run++) histogram.recordMs(await change(run));
    const cpuMs = ((system.cost().cpuSeconds - before.cpu) / runs) * 1000;
    done();
    return { lastMs: histogram.figures, cpuMs, bytes: (bytes.total - before.bytes) / runs };
  }

  /** A timeout of the whole mesh, until some zones have its new version; they must be sent nothing else. */
  private async changePolicy(zones: readonly SimulatedZone[]): Promise<number> {
    const { system, fleet } = this.subject;
    const version = (zone: SimulatedZone) => versionOf(zone, 'MeshTimeout', `${POLICY}-`);
    const before = new Map(zones.map((zone) => [zone, version(zone)]));
    const { toZones } = fleet.traffic;
    const from = toZones.resources;
    const arrival = fleet.arrival(zones, (zone) => (version(zone) === before.get(zone) ? 'the policy' : undefined));
    this.written += 1;
    await system.api.put(`/meshes/${MESH}/meshtimeouts/${POLICY}`, {
      type: 'MeshTimeout',
      mesh: MESH,
      name: POLICY,
      spec: { targetRef: { kind: 'Mesh' }, to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: `${this.written}s` } }] },
    });
    const { lastMs } = await arrival;
    this.expectSent('a policy', toZones.resources - from, zones.length);
    return lastMs;
  }

  private async changeDataplane(run: number): Promise<number> {
    const { fleet } = this.subject;
    const index = run % fleet.zones.length;
    const zone = fleet.zones[index] as SimulatedZone;
    const service = run % this.options.size.services;
    const from = { ...fleet.traffic.toGlobal };
    const spec = dataplaneSpec(zone.name, { index, service, port: 9000 + run });
    zone.own.put({ kind: 'Dataplane', mesh: MESH, name: `dp-${service}`, spec });
    const { lastMs } = await fleet.arrival([zone], (one) => (one.isCurrent ? undefined : 'the ACK of a dataplane'));
    this.expectSent('a dataplane', fleet.traffic.toGlobal.resources - from.resources, 1);
    return lastMs;
  }

  private async changeIngress(run: number): Promise<number> {
    const { fleet } = this.subject;
    const { services } = this.options.size;
    const index = run % fleet.zones.length;
    const zone = fleet.zones[index] as SimulatedZone;
    const others = fleet.zones.filter((other) => other !== zone);
    const name = [...zone.own.resources('ZoneIngress').keys()][0] ?? '';
    const version = (other: SimulatedZone) => other.versions('ZoneIngress').get(name);
    const before = new Map(others.map((other) => [other, version(other)]));
    const { toZones } = fleet.traffic;
    const from = toZones.resources;
    const arrival = fleet.arrival(others, (other) => (version(other) === before.get(other) ? 'the ingress' : undefined));
    zone.own.put(zoneIngress(zone.name, { index, mesh: MESH, services, instances: run + 2 }));
    const { lastMs } = await arrival;
    this.expectSent('an ingress', toZones.resources - from, others.length);
    return lastMs;
  }

  /** Some zones answer nothing for a while: the others wait for none of them, and they get the newest state in one response each. */
  private async besideSlow(): Promise<KdsChangeFigures> {
    const { fleet } = this.subject;
    const slow = fleet.zones.slice(0, Math.ceil(fleet.zones.length / 10));
    const others = fleet.zones.slice(slow.length);
    const releases = slow.map((zone) => zone.holdAnswers());
    const runs = Math.max(3, this.options.policyChanges);
    // The first change lies in the slow zones unanswered from the start; it is theirs once they answer.
    const figures = await this.changes(`a policy, ${slow.length} zones answer nothing`, runs, () => this.changePolicy(others));
    const newest = others[0] && versionOf(others[0], 'MeshTimeout', `${POLICY}-`);
    const from = fleet.traffic.toZones.resources;
    const arrival = fleet.arrival(slow, (zone) =>
      versionOf(zone, 'MeshTimeout', `${POLICY}-`) === newest ? undefined : 'the last policy',
    );
    for (const release of releases) release();
    await arrival;
    this.expectSent('changes to slow zones', fleet.traffic.toZones.resources - from, slow.length * 2);
    return figures;
  }

  private async comeBack(what: string, cut: () => Promise<() => void>): Promise<KdsReturnFigures> {
    const { system, fleet } = this.subject;
    await this.untilQuiet();
    const done = this.step(what);
    const from = { ...fleet.traffic.toZones };
    const up = { ...fleet.traffic.toGlobal };
    const again = await cut();
    // The clock and the CPU of a new process both begin with its start.
    const startedMs = performance.now();
    const before = what.includes('restarts') ? 0 : system.cost().cpuSeconds;
    again();
    await fleet.settle();
    const settledMs = performance.now() - startedMs;
    const resourcesSent = fleet.traffic.toZones.resources - from.resources + fleet.traffic.toGlobal.resources - up.resources;
    done();
    this.expectSent(what, resourcesSent, 0);
    return { settledMs, cpuSeconds: system.cost().cpuSeconds - before, resourcesSent };
  }

  /** A zone that was away while one resource changed is sent that one. */
  private async changedWhileAway(): Promise<void> {
    const { fleet } = this.subject;
    const [away, ...others] = fleet.zones as [SimulatedZone, ...SimulatedZone[]];
    await away.stop();
    await this.changePolicy(others);
    const from = fleet.traffic.toZones.resources;
    away.start();
    await fleet.settle([away]);
    this.expectSent('a policy that changed while a zone was away', fleet.traffic.toZones.resources - from, 1);
  }

  private async verifyStored(): Promise<void> {
    const { system, fleet } = this.subject;
    const { zones, services } = this.options.size;
    const page = await system.api.get<{ total: number }>('/dataplanes?size=1');
    if (page?.total !== zones * services)
      fleet.violations.add('not-stored', `${page?.total} dataplanes at the global, not ${zones * services}`);
  }

  private expectSent(what: string, sent: number, wanted: number): void {
    if (sent !== wanted) this.subject.fleet.violations.add('not-only-deltas', `${what}: ${sent} resources travelled, not ${wanted}`);
  }

  private step(what: string): () => void {
    return this.options.onStep(what);
  }
}

function versionOf(zone: SimulatedZone, kind: string, prefix: string): string | undefined {
  for (const [name, version] of zone.versions(kind)) if (name.startsWith(prefix)) return version;
  return undefined;
}
