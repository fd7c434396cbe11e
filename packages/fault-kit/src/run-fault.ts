import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';
import type { Change } from './observers/change.js';
import type { Observers } from './observers/observers.js';
import { SilenceWatch } from './observers/silence.js';
import type { World } from './world/world.js';

export interface FaultReport {
  readonly fault: string;
  readonly lastedMs: number;
  readonly requests: number;
  readonly failedRequests: readonly string[];
  readonly acknowledgedWrites: number;
  /** From the end of the fault until what was written during it, or the first that could be written after it, took effect. */
  readonly effectiveMs: Readonly<Record<string, number>>;
  /** From its beginning until a control plane ended a stream that had fallen silent. */
  readonly silenceNoticedMs?: number;
  /** Lost writes, crashes, memory, surprises in logs. */
  readonly findings: readonly string[];
}

/** Whatever lasts as long must be noticed: three beats and a look (ADR trusted-sync). */
const NOTICED_MS = 13_000;
const CHANGE_EVERY_MS = 500;
const EFFECTIVE_DEADLINE_MS = 90_000;

/** Injects a fault into a world under traffic and writes, ends it, and says what it did. */
export async function runFault(observers: Observers, fault: Fault, lastsMs: number): Promise<FaultReport> {
  const { world } = observers;
  const before = observers.count();
  const startedAt = Date.now();
  const changes = observers.changes.map((change) => new Changing(change, observers.nextValue));
  const silence = fault.silences && lastsMs >= NOTICED_MS ? await SilenceWatch.start(world, fault.silences) : undefined;
  await fault.inject(world);
  if (fault.losesWritesAt) observers.forgetWrites(fault.losesWritesAt);
  const injectedAt = performance.now();
  for (const changing of changes) changing.start();
  let silenceNoticedMs: number | undefined;
  try {
    [silenceNoticedMs] = await Promise.all([silence?.noticed(), delay(lastsMs, undefined, { signal: world.lab.deployment.group.signal })]);
  } finally {
    await fault.heal(world);
  }
  const healedAt = performance.now();
  const effective = await Promise.all(
    changes.map(async (changing) => [changing.name, Math.round((await changing.finish(world)) - healedAt)] as const),
  );
  const after = observers.count();
  return {
    fault: fault.name,
    lastedMs: Math.round(healedAt - injectedAt),
    requests: after.requests - before.requests,
    failedRequests: observers.failuresSince(startedAt),
    acknowledgedWrites: after.writes - before.writes,
    effectiveMs: Object.fromEntries(effective),
    ...(silenceNoticedMs === undefined ? {} : { silenceNoticedMs }),
    findings: await observers.findings(),
  };
}

/** Makes a change again and again until it is told to finish, then waits until the last one that was acknowledged is effective. */
class Changing {
  private last = 0;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly change: Change,
    private readonly nextValue: () => number,
  ) {}

  get name(): string {
    return this.change.name;
  }

  start(): void {
    this.running = this.run();
  }

  /** When (`performance.now`) all was effective. */
  async finish(world: World): Promise<number> {
    this.stopped = true;
    await this.running;
    while (this.last === 0) await this.once(); // nothing could be written during the fault
    return world.until(
      `${this.name}: change ${this.last}`,
      async () => ((await this.change.effective()) >= this.last ? performance.now() : undefined),
      EFFECTIVE_DEADLINE_MS,
    );
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.once();
      await delay(CHANGE_EVERY_MS);
    }
  }

  private async once(): Promise<void> {
    const value = this.nextValue();
    if (await this.change.write(value)) this.last = value;
    else await delay(50);
  }
}

/** One line for people. */
export function lineOf(report: FaultReport): string {
  const effective = Object.entries(report.effectiveMs).map(([change, ms]) => `${change} after ${ms} ms`);
  return [
    `${report.fault} (${(report.lastedMs / 1000).toFixed(1)} s)`,
    `${report.requests} requests, ${report.failedRequests.length} failed`,
    `${report.acknowledgedWrites} writes`,
    ...(report.silenceNoticedMs === undefined ? [] : [`silent stream noticed after ${report.silenceNoticedMs} ms`]),
    ...effective,
  ].join(' · ');
}
