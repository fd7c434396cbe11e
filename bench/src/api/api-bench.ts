import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '@mesh/lab-kit';
import { type Figures, figuresOf } from '../statistics.js';
import { type ApiSystem, startApiSystem } from './system.js';
import { type WrkFigures, wrk } from './wrk.js';

export interface ApiBenchOptions {
  readonly binDir: string;
  /** Length of each run of wrk and of the run of writes. */
  readonly seconds: number;
  /** Dataplanes of the big list. */
  readonly dataplanes: number;
  readonly writesPerSecond: number;
  readonly onStep: (what: string) => () => void;
}

export interface ApiFigures {
  readonly reads: Readonly<Record<string, WrkFigures>>;
  /** Milliseconds of each page of the big list. */
  readonly pageMs: Figures;
  /** Milliseconds a small request took beside the pages: more than its own is the time a page held up the event loop. */
  readonly besidePagesMs: Figures;
  /** Milliseconds from the time a write was due until its answer. */
  readonly putMs: Figures;
  /** Writes that were not taken. */
  readonly putsFailed: number;
}

const FEW = 50;
const PARALLEL = 32;
const PATHS = { meshes: '/meshes', dataplanes: `/meshes/default/dataplanes?size=${FEW}`, zones: '/zones+insights' } as const;

/** Brings a global with two zones up, measures its API gateway, takes it down. */
export async function benchApi(options: ApiBenchOptions): Promise<ApiFigures> {
  const done = options.onStep('start of a global with two zones');
  const system = await startApiSystem(options.binDir);
  done();
  try {
    return await measure(system, options);
  } finally {
    await system.stop();
  }
}

async function measure(system: ApiSystem, options: ApiBenchOptions): Promise<ApiFigures> {
  const { global, zone, gatewayPid } = system;
  const { seconds, onStep } = options;
  await system.until('the mesh in the zone', () => zone.api.get('/meshes/default'));
  await putDataplanes(system, { from: 0, to: FEW });
  const reads: Record<string, WrkFigures> = {};
  for (const [name, path] of Object.entries(PATHS)) {
    const done = onStep(`wrk ${path}`);
    // The first requests are compiled code's; they are not what a running server costs.
    await wrk({ url: global.api.url + path, seconds: 1, pid: gatewayPid });
    reads[name] = await wrk({ url: global.api.url + path, seconds, pid: gatewayPid });
    done();
  }
  const written = onStep(`${options.writesPerSecond} writes per second`);
  const writes = await measureWrites(global.api, options);
  written();
  const filled = onStep(`${options.dataplanes} dataplanes`);
  await putDataplanes(system, { from: FEW, to: options.dataplanes });
  filled();
  return { reads, ...writes, ...(await measurePages(global.api, options.dataplanes)) };
}

async function putDataplanes({ zone, global, until }: ApiSystem, { from, to }: { from: number; to: number }): Promise<void> {
  let next = from;
  const worker = async () => {
    for (let i = next++; i < to; i = next++) {
      const name = `dp-${String(i).padStart(6, '0')}`;
      const tags = { 'kuma.io/service': `service-${i % 50}`, 'kuma.io/protocol': 'http', version: 'v1' };
      const networking = { address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, inbound: [{ port: 8080, servicePort: 80, tags }] };
      await zone.api.put(`/meshes/default/dataplanes/${name}`, { type: 'Dataplane', mesh: 'default', name, networking });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  await until(`${to} dataplanes at the global`, async () => {
    const page = await global.api.get<{ total: number }>('/meshes/default/dataplanes?size=1');
    return page?.total === to;
  });
}

/** Writes are sent when they are due, whether or not earlier ones were answered. */
async function measureWrites(api: ApiClient, options: ApiBenchOptions): Promise<Pick<ApiFigures, 'putMs' | 'putsFailed'>> {
  const { seconds, writesPerSecond } = options;
  const samples: number[] = [];
  let putsFailed = 0;
  const pending: Promise<void>[] = [];
  const write = async (i: number, dueMs: number) => {
    const name = `bench-${i % 100}`;
    const spec = {
      targetRef: { kind: 'Mesh' },
      to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: `${1 + (i % 1000)}ms` } }],
    };
    await api.put(`/meshes/default/meshtimeouts/${name}`, { type: 'MeshTimeout', mesh: 'default', name, spec });
    samples.push(performance.now() - dueMs);
  };
  for (let i = 0; i < 100; i++) await write(i, performance.now());
  samples.length = 0;
  const startMs = performance.now();
  for (let i = 0; i < seconds * writesPerSecond; i++) {
    const dueMs = startMs + (i * 1000) / writesPerSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1) await pause(waitMs);
    pending.push(write(i, dueMs).catch(() => void putsFailed++));
  }
  await Promise.all(pending);
  return { putMs: figuresOf(samples), putsFailed };
}

async function measurePages(api: ApiClient, dataplanes: number): Promise<Pick<ApiFigures, 'pageMs' | 'besidePagesMs'>> {
  const pages: number[] = [];
  const beside: number[] = [];
  let paging = true;
  const prober = (async () => {
    while (paging) beside.push(await timed(() => api.get('/who-am-i')));
  })();
  for (let round = 0; round < 3; round++) {
    for (let offset = 0; offset < dataplanes; offset += 100) {
      pages.push(await timed(() => api.get(`/meshes/default/dataplanes?size=100&offset=${offset}`)));
    }
  }
  paging = false;
  await prober;
  return { pageMs: figuresOf(pages), besidePagesMs: figuresOf(beside) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
