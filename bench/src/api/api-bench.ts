import type { ApiClient, ControlPlaneHandle } from '@mesh/lab-kit';
import { type Figures, figuresOf } from '../statistics.js';
import { type EventLoopDelay, eventLoopDelay } from './event-loop.js';
import { type ApiSystem, startApiSystem } from './system.js';
import { measureWrites, type WriteFigures } from './write-load.js';
import { type WrkFigures, wrk } from './wrk.js';

/** What can be measured alone. */
export const API_PARTS = ['writes', 'reads', 'writes-with-zones', 'lists'] as const;
export type ApiPart = (typeof API_PARTS)[number];

export interface ApiBenchOptions {
  readonly binDir: string;
  /** Length of each run of wrk and of the runs of writes. */
  readonly seconds: number;
  /** Dataplanes of the big list. */
  readonly dataplanes: number;
  readonly writesPerSecond: number;
  /** None: all. */
  readonly only: readonly ApiPart[];
  readonly onStep: (what: string) => () => void;
  /** Where CPU profiles of the global go. */
  readonly profileDir?: string | undefined;
}

/** Parts that were not asked for are absent. */
export interface ApiFigures {
  readonly reads?: Readonly<Record<string, WrkFigures>>;
  readonly lists?: ListFigures;
  /** On a global without zones: the API and its database alone. */
  readonly writes?: WriteFigures;
  /** With two zones on the same machine that take each write. */
  readonly writesWithZones?: WriteFigures;
}

export interface ListFigures {
  /** Milliseconds of each page of the big list. */
  readonly pageMs: Figures;
  /** Milliseconds a small request took beside the pages. */
  readonly besidePagesMs: Figures;
  /** How long the API gateway kept its event loop busy at a time meanwhile. */
  readonly gateway: EventLoopDelay;
  /** The same of the control plane behind it. */
  readonly globalCp: EventLoopDelay;
}

const FEW = 50;
const PARALLEL = 32;
const PATHS = { meshes: '/meshes', dataplanes: `/meshes/default/dataplanes?size=${FEW}`, zones: '/zones+insights' } as const;

/** Brings a global up, measures its API gateway first alone, then with two zones, takes it down. */
export async function benchApi(options: ApiBenchOptions): Promise<ApiFigures> {
  const done = options.onStep('start of a global');
  const system = await startApiSystem(options.binDir, options.profileDir);
  done();
  try {
    return await measure(system, options);
  } finally {
    await system.stop();
  }
}

async function measure(system: ApiSystem, options: ApiBenchOptions): Promise<ApiFigures> {
  const { only, onStep, seconds, writesPerSecond: perSecond } = options;
  const wanted = (part: ApiPart): boolean => only.length === 0 || only.includes(part);
  const step = async <T>(part: ApiPart, what: string, work: () => Promise<T>): Promise<T | undefined> => {
    if (!wanted(part)) return undefined;
    const done = onStep(what);
    const result = await work();
    done();
    return result;
  };
  const putting = () => measureWrites(system, { seconds, perSecond });
  const writes = await step('writes', `${perSecond} writes per second, no zones`, putting);
  if (only.length === 1 && writes) return { writes };
  const joined = onStep('two zones join');
  const zone = await system.join();
  await system.until('the mesh in the zone', () => zone.api.get('/meshes/default'));
  joined();
  await putDataplanes(system, zone, { from: 0, to: FEW });
  const reads = await step('reads', 'wrk', () => measureReads(system, seconds));
  const writesWithZones = await step('writes-with-zones', `${perSecond} writes per second, two zones`, putting);
  const lists = await step('lists', `a list of ${options.dataplanes} dataplanes`, () => measureLists(system, zone, options.dataplanes));
  return {
    ...(writes ? { writes } : {}),
    ...(reads ? { reads } : {}),
    ...(writesWithZones ? { writesWithZones } : {}),
    ...(lists ? { lists } : {}),
  };
}

async function measureReads({ global, gateway: { pid } }: ApiSystem, seconds: number): Promise<Record<string, WrkFigures>> {
  const reads: Record<string, WrkFigures> = {};
  for (const [name, path] of Object.entries(PATHS)) {
    // The first requests are compiled code's; they are not what a running server costs.
    await wrk({ url: global.api.url + path, seconds: 1, pid });
    reads[name] = await wrk({ url: global.api.url + path, seconds, pid });
  }
  return reads;
}

async function putDataplanes(system: ApiSystem, zone: ControlPlaneHandle, { from, to }: { from: number; to: number }): Promise<void> {
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
  await system.until(`${to} dataplanes at the global`, async () => {
    const page = await system.global.api.get<{ total: number }>('/meshes/default/dataplanes?size=1');
    return page?.total === to;
  });
}

async function measureLists(system: ApiSystem, zone: ControlPlaneHandle, dataplanes: number): Promise<ListFigures> {
  await putDataplanes(system, zone, { from: FEW, to: dataplanes });
  const { gateway, globalCp } = system;
  await Promise.all([eventLoopDelay(gateway), eventLoopDelay(globalCp)]);
  const times = await measurePages(system.global.api, dataplanes);
  return { ...times, gateway: await eventLoopDelay(gateway), globalCp: await eventLoopDelay(globalCp) };
}

async function measurePages(api: ApiClient, dataplanes: number): Promise<Pick<ListFigures, 'pageMs' | 'besidePagesMs'>> {
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
