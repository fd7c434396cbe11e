import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds, cpuSecondsOfFamily } from '@mesh/lab-kit';
import { type Figures, figuresOf } from '../statistics.js';
import { PutClient } from './put-client.js';
import type { ApiSystem } from './system.js';

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
}

/** Sends `PUT`s of policies to a global when they are due, whether or not earlier ones were answered. */
export async function measureWrites(system: ApiSystem, { seconds, perSecond }: WriteLoad): Promise<WriteFigures> {
  const client = new PutClient(system.global.api.url);
  try {
    // Creates what the others change, and has their code compiled.
    for (let i = 0; i < 4 * POLICIES; i++) await write(client, i);
    return await load(client, { seconds, perSecond }, cpuOf(system));
  } finally {
    client.close();
  }
}

async function load(client: PutClient, { seconds, perSecond }: WriteLoad, cpu: () => Record<string, number>): Promise<WriteFigures> {
  const samples: number[] = [];
  let failed = 0;
  const pending: Promise<void>[] = [];
  const count = seconds * perSecond;
  const before = cpu();
  const startMs = performance.now();
  for (let i = 0; i < count; i++) {
    const dueMs = startMs + (i * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1) await pause(waitMs);
    const done = write(client, i).then(() => void samples.push(performance.now() - dueMs));
    pending.push(done.catch(() => void failed++));
  }
  await Promise.all(pending);
  const cpuMs = Object.entries(cpu()).map(([name, spent]) => [name, ((spent - (before[name] ?? 0)) * 1000) / count] as const);
  return { putMs: figuresOf(samples), cpuMs: Object.fromEntries(cpuMs), failed };
}

function write(client: PutClient, i: number): Promise<void> {
  const name = `bench-${i % POLICIES}`;
  const spec = {
    targetRef: { kind: 'Mesh' },
    to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: `${1 + (i % 1000)}ms` } }],
  };
  return client.put(`/meshes/default/meshtimeouts/${name}`, { type: 'MeshTimeout', mesh: 'default', name, spec });
}

/** Asks for the seconds of CPU of all that a write passes, by name. */
function cpuOf({ global, postgres }: ApiSystem): () => Record<string, number> {
  return () => ({
    ...Object.fromEntries(global.processes.map(({ pid, spec }) => [spec.name, cpuSeconds(pid)])),
    postgres: cpuSecondsOfFamily(postgres.pid),
    'the client here': cpuSeconds(process.pid),
  });
}
