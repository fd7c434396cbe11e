import { readdirSync, readFileSync } from 'node:fs';
import { cpuSeconds, residentBytes } from '@mesh/lab-kit';

/** What a process has used so far. */
export interface ProcessCost {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Reads the cost of a process and of those it started that live. @throws Error where the system does not tell (not Linux, process gone). */
export function processCost(pid: number): ProcessCost {
  const own = { cpuSeconds: cpuSeconds(pid), residentBytes: residentBytes(pid) ?? 0 };
  return childrenOf(pid)
    .map(processCost)
    .reduce((a, b) => ({ cpuSeconds: a.cpuSeconds + b.cpuSeconds, residentBytes: a.residentBytes + b.residentBytes }), own);
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}
