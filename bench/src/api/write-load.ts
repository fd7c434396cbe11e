import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient, ManagedProcess } from '@mesh/lab-kit';
import { cpuSeconds } from '../cpu.js';
import { type Figures, figuresOf } from '../statistics.js';

/** Policies written in turn. */
const POLICIES = 100;

/** What writes cost whoever waits for them. */
export interface WriteFigures {
  /** Milliseconds from the time a write was due until its answer. */
  readonly putMs: Figures;
  /** CPU of each process per write, in milliseconds: says what a write costs whatever else the machine does. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** Writes that were not taken. */
  readonly failed: number;
}

export interface WriteLoad {
  readonly seconds: number;
  readonly perSecond: number;
  /** Whose CPU is counted. */
  readonly processes: readonly ManagedProcess[];
}

/** Sends `PUT`s of policies when they are due, whether or not earlier ones were answered. */
export async function measureWrites(api: ApiClient, { seconds, perSecond, processes }: WriteLoad): Promise<WriteFigures> {
  const samples: number[] = [];
  let failed = 0;
  const pending: Promise<void>[] = [];
  const write = async (i: number, dueMs: number) => {
    const name = `bench-${i % POLICIES}`;
    const spec = {
      targetRef: { kind: 'Mesh' },
      to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: `${1 + (i % 1000)}ms` } }],
    };
    await api.put(`/meshes/default/meshtimeouts/${name}`, { type: 'MeshTimeout', mesh: 'default', name, spec });
    samples.push(performance.now() - dueMs);
  };
  // Creates what the others change, and has their code compiled.
  for (let i = 0; i < 4 * POLICIES; i++) await write(i, performance.now());
  samples.length = 0;
  const count = seconds * perSecond;
  const before = processes.map(({ pid }) => cpuSeconds(pid));
  const startMs = performance.now();
  for (let i = 0; i < count; i++) {
    const dueMs = startMs + (i * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1) await pause(waitMs);
    pending.push(write(i, dueMs).catch(() => void failed++));
  }
  await Promise.all(pending);
  const cpuMs = processes.map(({ pid, spec }, at) => [spec.name, ((cpuSeconds(pid) - (before[at] ?? 0)) * 1000) / count] as const);
  return { putMs: figuresOf(samples), cpuMs: Object.fromEntries(cpuMs), failed };
}
