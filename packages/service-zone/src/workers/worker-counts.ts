import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { WorkerCounts } from '@mesh/grpc';
import type { KumaConfig } from '@mesh/runtime';

/** Where a container says how much CPU it may use: `QUOTA PERIOD` in microseconds, or `max PERIOD` (cgroup v2). */
const CPU_MAX_FILE = '/sys/fs/cgroup/cpu.max';

/**
 * How many workers a configuration means on this machine. By itself none on two cores: what they take off the main process there
 * does not make up for what they cost (bench/README.md), and the second core is the database's.
 */
export function workerCounts(
  { count, connectionsEach }: KumaConfig['dpServer']['workers'],
  cores: () => number = availableCores,
): WorkerCounts {
  return { max: count === 'auto' ? workersFor(cores()) : count, connectionsEach };
}

function workersFor(cores: number): number {
  return cores > 2 ? cores - 1 : 0;
}

/** Cores that this process may use at the same time: those of the machine, or the whole ones of its container's quota. */
function availableCores(): number {
  return Math.min(availableParallelism(), coresOfQuota(readQuota()));
}

/** @param quota content of `cpu.max`; empty where there is none. */
export function coresOfQuota(quota: string): number {
  const [, micros, period] = /^(\d+) (\d+)\s*$/.exec(quota) ?? [];
  return micros === undefined || Number(period) === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(Number(micros) / Number(period)));
}

function readQuota(): string {
  try {
    return readFileSync(CPU_MAX_FILE, 'utf8');
  } catch {
    return '';
  }
}
