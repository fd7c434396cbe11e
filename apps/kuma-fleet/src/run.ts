import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Arrival,
  type ChurnFigures,
  churn,
  DurationHistogram,
  type Durations,
  ENVOY_RETRY_POLICY,
  Fleet,
  type FleetCounts,
  FleetWrites,
  fleetToken,
  hasMtls,
  type JoinFigures,
  putIngresses,
  serviceName,
  type Violations,
} from '@mesh/fleet-kit';
import { type FleetFlags, type ZoneAddresses, zonesOf } from './options.js';

/** Everything a run found out. */
export interface FleetReport {
  readonly zones: number;
  readonly dataplanes: number;
  readonly services: number;
  readonly outbounds: number;
  readonly xds: 'sotw' | 'delta';
  readonly join: JoinFigures;
  readonly endpointChanges: ChangeFigures | undefined;
  readonly policyChanges: ChangeFigures | undefined;
  readonly churn: ChurnFigures | undefined;
  readonly counts: FleetCounts;
  readonly violations: Violations;
  /** Resident memory of the simulator itself. */
  readonly simulatorBytes: number;
}

/** Several changes of one sort. */
export interface ChangeFigures {
  /** From the write until the last proxy had acknowledged, one sample for each change. */
  readonly lastMs: Durations;
  /** The slowest proxy's and the median proxy's time in the slowest change. */
  readonly worst: Durations;
}

/** Brings a fleet up, puts it under the load the flags ask for, checks it and takes it down. @throws Error where flags do not fit together. */
export async function runFleet(flags: FleetFlags): Promise<FleetReport> {
  const zones = zonesOf(flags);
  const apis = zones.map(({ api }) => api);
  const crossZone = zones.length > 1 && (await hasMtls(apis[0] ?? '', flags.mesh));
  const ingresses = crossZone ? await putIngresses(apis) : undefined;
  try {
    return await runWith(flags, { zones, ingresses: ingresses?.advertised ?? [] });
  } finally {
    await ingresses?.undo();
  }
}

interface FleetPlace {
  readonly zones: readonly ZoneAddresses[];
  /** By zone, where proxies reach those of other zones. */
  readonly ingresses: readonly string[];
}

async function runWith(flags: FleetFlags, { zones, ingresses }: FleetPlace): Promise<FleetReport> {
  const apis = zones.map(({ api }) => api);
  const fleet = new Fleet({
    mesh: flags.mesh,
    dataplanes: flags.dps,
    services: flags.services,
    outbounds: flags.outbounds,
    zones: zones.map(({ controlPlanes }, zone) => ({ controlPlanes, ingress: ingresses[zone] })),
    ca: flags.caCertFile === undefined ? undefined : readFileSync(flags.caCertFile, 'utf8'),
    token: await tokenFor(flags, apis[0] ?? ''),
    variant: flags.xds,
    streamsPerConnection: flags.streamsPerConnection,
    retry: flags.retryPolicy === 'envoy' ? ENVOY_RETRY_POLICY : undefined,
    deadlineMs: flags.deadline,
  });
  const writes = new FleetWrites(fleet, { zones: apis, policies: flags.globalApiAddress ?? apis[0] ?? '' });
  try {
    return await runLoad(fleet, writes, flags);
  } finally {
    fleet.stop();
  }
}

async function tokenFor(flags: FleetFlags, api: string): Promise<string | undefined> {
  if (!flags.token) return undefined;
  if (flags.dataplaneTokenFile !== undefined) return readFileSync(flags.dataplaneTokenFile, 'utf8').trim();
  return fleetToken(api, flags.mesh);
}

async function runLoad(fleet: Fleet, writes: FleetWrites, flags: FleetFlags): Promise<FleetReport> {
  const join = await fleet.join(flags.rampupPeriod);
  for (const name of join.late) fleet.violations.add('late', name);
  const endpointChanges = await changes(fleet, flags.endpointChanges, (run) =>
    writes.changeEndpoint(serviceName(run % flags.services), run % flags.zones),
  );
  const policyChanges = await changes(fleet, flags.policyChanges, () => writes.changePolicy());
  await writes.undo();
  let churned: ChurnFigures | undefined;
  if (flags.churn > 0) churned = await churn(fleet, { perSecond: flags.churn, durationMs: flags.duration });
  else await delay(flags.duration);
  for (const name of (await fleet.settle()).late) fleet.violations.add('late', name);
  fleet.verify();
  return {
    zones: flags.zones,
    dataplanes: flags.dps,
    services: flags.services,
    outbounds: flags.outbounds,
    xds: flags.xds,
    join,
    endpointChanges,
    policyChanges,
    churn: churned,
    counts: fleet.counts,
    violations: fleet.violations,
    simulatorBytes: process.memoryUsage.rss(),
  };
}

async function changes(fleet: Fleet, runs: number, change: (run: number) => Promise<Arrival>): Promise<ChangeFigures | undefined> {
  if (runs === 0) return undefined;
  const histogram = new DurationHistogram();
  let worst: Durations | undefined;
  for (let run = 0; run < runs; run++) {
    const { lastMs, proxies, late } = await change(run);
    for (const name of late) fleet.violations.add('late', name);
    histogram.recordMs(lastMs);
    if (!worst || proxies.max > worst.max) worst = proxies;
  }
  return { lastMs: histogram.figures, worst: worst ?? histogram.figures };
}
