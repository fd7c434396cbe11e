import { setTimeout as delay } from 'node:timers/promises';
import { type Arrival, DurationHistogram, type Durations, type Fleet, type FleetWrites, serviceName } from '@mesh/fleet-kit';
import { type FleetSize, Target, type TargetSpec } from './target.js';

/** What the control plane spent on changes of one sort, and how long they took. */
export interface ChangeFigures {
  /** From the write until the last proxy concerned had acknowledged; one sample for each change. */
  readonly lastMs: Durations;
  /** The same for the single proxies of the slowest change. */
  readonly slowest: Durations;
  /** CPU of the control plane for one change, in milliseconds. */
  readonly cpuMs: number;
}

/** A restart, counted from the start of the new process. */
export interface RestartFigures {
  /** Until its API answered. */
  readonly readyMs: number;
  /** Until every proxy had acknowledged a change of the mesh that was written then. */
  readonly currentMs: number;
  /** CPU of the new process until then. */
  readonly cpuSeconds: number;
}

/** The loads one fleet goes through. */
export interface FleetFigures {
  readonly size: FleetSize;
  /** CPU of the control plane from before the first join until everything was complete. */
  readonly joinCpuSeconds: number;
  /** From the last join until every proxy had acknowledged the final state. */
  readonly settledMs: number;
  readonly residentBytes: number;
  readonly idleCpuPercent: number | undefined;
  readonly idleTransactionsPerSecond: number | undefined;
  readonly endpoint: ChangeFigures | undefined;
  /** More of the same right after, enough for garbage collections to even out, and with code that is warm: what a change costs. */
  readonly endpointSteady: ChangeFigures | undefined;
  readonly policy: ChangeFigures | undefined;
  /** Over all loads but the join. */
  readonly eventLoopP99Ms: number | undefined;
  readonly joinEventLoopP99Ms: number | undefined;
  readonly restart: RestartFigures | undefined;
  readonly violations: number;
  readonly violationDetails: unknown;
}

/** Which loads to run, and how often. */
export interface LoadOptions {
  readonly size: FleetSize;
  readonly idleSeconds: number;
  readonly endpointChanges: number;
  /** After those. */
  readonly steadyEndpointChanges: number;
  readonly policyChanges: number;
  readonly restart: boolean;
  readonly onStep: (what: string) => () => void;
}

/**
 * Counters of streams are written ten seconds after the last of them moved at most, insights of the mesh after them, and V8 collects
 * what a join left when nothing has happened for a while: two collections of half a second in the minute after it.
 */
const AFTERMATH_MS = 60_000;

/** Starts a control plane, brings a fleet up, and puts it under the loads. */
export async function runLoads(spec: TargetSpec, options: LoadOptions): Promise<FleetFigures> {
  const target = await Target.start(spec);
  try {
    const { fleet, writes } = await target.fleet(options.size);
    try {
      return await measure({ target, fleet, writes }, options);
    } finally {
      fleet.stop();
    }
  } finally {
    await target.stop();
  }
}

interface Subject {
  readonly target: Target;
  readonly fleet: Fleet;
  readonly writes: FleetWrites;
}

async function measure(subject: Subject, options: LoadOptions): Promise<FleetFigures> {
  const { target, fleet, writes } = subject;
  const { size } = options;
  const step = (what: string) => options.onStep(`${target.spec.name}: ${what}`);
  const before = target.cost();
  await target.eventLoopP99Ms();
  const joined = step(`${size.dataplanes} dataplanes join over ${size.rampupMs / 1000} s`);
  const { settledMs, late } = await fleet.join(size.rampupMs);
  for (const name of late) fleet.violations.add('late', name);
  const { cpuSeconds, residentBytes } = target.cost();
  const joinEventLoopP99Ms = await target.eventLoopP99Ms();
  joined();
  const idle = options.idleSeconds > 0 ? await measureIdle(target, { seconds: options.idleSeconds, step }) : undefined;
  const changes = (what: string, runs: number, change: (run: number) => Promise<Arrival>) =>
    measureChanges(subject, { runs, change, done: step(`${runs} changes of ${what}`) });
  const changeEndpoint = (run: number) => writes.changeEndpoint(serviceName(run % size.services));
  const endpoint = await changes('an endpoint', options.endpointChanges, changeEndpoint);
  const endpointSteady = await changes('an endpoint, more', options.steadyEndpointChanges, changeEndpoint);
  const policy = await changes('a policy of the mesh', options.policyChanges, () => writes.changePolicy());
  const eventLoopP99Ms = await target.eventLoopP99Ms();
  const restart = options.restart ? await measureRestart(subject, step('restart')) : undefined;
  for (const name of (await fleet.settle()).late) fleet.violations.add('late', name);
  fleet.verify();
  if (target.spec.asserts) await verifyAssertions(subject);
  return {
    size,
    joinCpuSeconds: cpuSeconds - before.cpuSeconds,
    settledMs,
    residentBytes,
    idleCpuPercent: idle?.cpuPercent,
    idleTransactionsPerSecond: idle?.transactionsPerSecond,
    endpoint,
    endpointSteady,
    policy,
    eventLoopP99Ms,
    joinEventLoopP99Ms,
    restart,
    violations: fleet.violations.count,
    violationDetails: fleet.violations.toJSON(),
  };
}

/** That what is kept between changes is right is a rule like those the fleet verifies by itself. */
async function verifyAssertions({ target, fleet }: Subject): Promise<void> {
  const { comparisons, differences } = await target.assertions();
  if (comparisons === 0) fleet.violations.add('assert', 'no proxy was compared with what it would get from scratch');
  if (differences > 0) fleet.violations.add('assert', `proxies had something else than from scratch, ${differences} times`);
}

async function measureIdle(target: Target, { seconds, step }: { seconds: number; step: (what: string) => () => void }) {
  await delay(AFTERMATH_MS);
  const done = step(`idle for ${seconds} s`);
  const before = { cpu: target.cost().cpuSeconds, sql: await target.transactions(), at: performance.now() };
  await delay(seconds * 1000);
  const elapsed = (performance.now() - before.at) / 1000;
  const sql = await target.transactions();
  done();
  return {
    cpuPercent: ((target.cost().cpuSeconds - before.cpu) / elapsed) * 100,
    transactionsPerSecond: sql === undefined || before.sql === undefined ? undefined : (sql - before.sql) / elapsed,
  };
}

async function measureChanges(
  { target, fleet }: Subject,
  { runs, change, done }: { runs: number; change: (run: number) => Promise<Arrival>; done: () => void },
): Promise<ChangeFigures | undefined> {
  if (runs === 0) return undefined;
  const histogram = new DurationHistogram();
  let slowest: Durations | undefined;
  const before = target.cost().cpuSeconds;
  for (let run = 0; run < runs; run++) {
    const { lastMs, proxies, late } = await change(run);
    for (const name of late) fleet.violations.add('late', name);
    histogram.recordMs(lastMs);
    if (!slowest || proxies.max > slowest.max) slowest = proxies;
  }
  const cpuMs = ((target.cost().cpuSeconds - before) / runs) * 1000;
  done();
  return { lastMs: histogram.figures, slowest: slowest ?? histogram.figures, cpuMs };
}

/**
 * Everybody's streams end; then all must come back and be current: what proves it is a change of the whole mesh, written as soon as
 * the API answers, that every proxy acknowledges. That it is connected and complete says nothing: it may still hold what it had.
 */
async function measureRestart({ target, fleet, writes }: Subject, done: () => void): Promise<RestartFigures> {
  await target.restart();
  const startedMs = performance.now();
  await target.ready();
  const readyMs = performance.now() - startedMs;
  const current = await writes.changePolicy();
  const currentMs = performance.now() - startedMs;
  const { cpuSeconds } = target.cost();
  for (const { late } of [current, await fleet.settle()]) for (const name of late) fleet.violations.add('late', name);
  done();
  return { readyMs, currentMs, cpuSeconds };
}
