import type { Fault } from './fault.js';
import { both } from './faults/both.js';
import type { Observers } from './observers/observers.js';
import { type FaultReport, lineOf, runFault } from './run-fault.js';

export interface ChaosOptions {
  /** The same seed gives the same faults, in the same order and for as long. */
  readonly seed: number;
  readonly minutes: number;
  readonly faults: readonly Fault[];
  /** Told every event: a fault begins, a fault is over. */
  readonly onEvent: (line: string) => void;
}

/** Share of steps in which two things break at once. */
const TWO_AT_ONCE = 0.25;

/**
 * Breaks a world at random for so many minutes; each step is checked as in the test of its fault.
 * @throws Error with the seed and the report of the step, at the first request, write or process that suffered.
 */
export async function chaos(observers: Observers, options: ChaosOptions): Promise<void> {
  const { seed, minutes, onEvent } = options;
  const random = randomOf(seed);
  const end = performance.now() + minutes * 60_000;
  for (let step = 1; performance.now() < end; step++) {
    const { fault, lastsMs } = nextStep(options.faults, random);
    onEvent(`#${step} ${fault.name} for ${(lastsMs / 1000).toFixed(1)} s`);
    const report = await runFault(observers, fault, lastsMs);
    onEvent(`#${step} over: ${lineOf(report)}`);
    const found = [...report.failedRequests, ...report.findings];
    if (found.length > 0) throw new Error(`seed ${seed}, step ${step}: ${explain(report, found)}`);
  }
}

/** What breaks next, and for how long. */
export function nextStep(faults: readonly Fault[], random: () => number): { readonly fault: Fault; readonly lastsMs: number } {
  const pick = (from: readonly Fault[]): Fault => from[Math.floor(random() * from.length)] as Fault;
  const first = pick(faults);
  const elsewhere = first.isAlone ? [] : faults.filter(({ place, isAlone }) => place !== first.place && !isAlone);
  const fault = random() < TWO_AT_ONCE && elsewhere.length > 0 ? both(first, pick(elsewhere)) : first;
  return { fault, lastsMs: Math.round(fault.lastsMs.sampled * (0.5 + random())) };
}

/** Numbers of [0, 1) that a seed decides (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function explain(report: FaultReport, found: readonly string[]): string {
  return [report.fault, ...found.slice(0, 20), ...(found.length > 20 ? [`and ${found.length - 20} more`] : [])].join('\n  ');
}
