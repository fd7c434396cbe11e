import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpenedControlPlane, openControlPlane, ZoneSubscriptions, ZoneSyncRunner } from '@mesh/control-plane';
import { type Logger, MeshError, type Resource, type ResourceStore, silentLogger, systemClock, type ViewEvent } from '@mesh/core';
import { ensureCertificates, Health, type KumaConfig, loadConfig, Metrics } from '@mesh/runtime';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { GlobalRunner } from '../src/index.js';

/** Directory with the certificates of a test file; made once, removed by `close`. */
export class WorkDir {
  private constructor(readonly path: string) {}

  static async make(): Promise<WorkDir> {
    const dir = new WorkDir(await mkdtemp(join(tmpdir(), 'mesh-kds-')));
    await ensureCertificates(dir.config({}));
    return dir;
  }

  config(env: Record<string, string>): KumaConfig {
    const quick = {
      KUMA_API_SERVER_AUTHN_TYPE: 'adminClientCerts',
      KUMA_INTERNAL_PORT: '0',
      KUMA_METRICS_MESH_MIN_RESYNC_INTERVAL: '10ms',
      KUMA_MULTIZONE_GLOBAL_KDS_ZONE_INSIGHT_FLUSH_INTERVAL: '50ms',
    };
    return loadConfig({ yamlText: '', env: { HOME: this.path, KUMA_GENERAL_WORK_DIR: this.path, ...quick, ...env } }).config;
  }

  close(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/** What the tests of a `describe` share. */
export interface TestScope {
  readonly dir: WorkDir;
  /** What a test puts here is stopped after it, the last first. */
  readonly running: { stop(): Promise<void> }[];
}

/** A work directory while the tests of a `describe` run. */
export function useScope(): TestScope {
  let dir: WorkDir | undefined;
  const running: TestScope['running'] = [];
  beforeAll(async () => {
    dir = await WorkDir.make();
  });
  afterEach(async () => {
    for (const each of running.splice(0).reverse()) await each.stop();
  });
  afterAll(() => dir?.close());
  return {
    running,
    get dir() {
      if (!dir) throw new Error('the tests have not begun');
      return dir;
    },
  };
}

/** A running global and what it holds. */
export interface TestGlobal {
  readonly runner: GlobalRunner;
  readonly opened: OpenedControlPlane;
  readonly port: number;
  readonly metrics: Metrics;
  stop(): Promise<void>;
}

export async function startGlobal(
  dir: WorkDir,
  options: { port?: number; store?: ResourceStore; env?: Record<string, string>; beatIntervalMs?: number; log?: Logger } = {},
): Promise<TestGlobal> {
  const config = dir.config({ KUMA_MODE: 'global', KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT: String(options.port ?? 0), ...options.env });
  const metrics = new Metrics('Global');
  const runner = new GlobalRunner(
    { config, log: options.log ?? silentLogger, metrics, health: new Health() },
    { ...(options.store ? { store: options.store } : {}), ...(options.beatIntervalMs ? { beatIntervalMs: options.beatIntervalMs } : {}) },
  );
  await runner.start();
  return { runner, opened: runner.opened, port: runner.kdsPort, metrics, stop: () => runner.stop() };
}

/** A zone without proxies: its state and its connection to the global. */
export interface TestZone {
  readonly opened: OpenedControlPlane;
  readonly sync: ZoneSyncRunner;
  readonly metrics: Metrics;
  /** Closes connection and store; the store's content stays with whoever gave it. */
  stop(): Promise<void>;
}

export async function startZone(
  dir: WorkDir,
  options: {
    name: string;
    port: number;
    store?: ResourceStore;
    proxyAdmin?: OpenedControlPlane['controlPlane']['proxyAdmin'];
    env?: Record<string, string>;
    beatIntervalMs?: number;
    /** Of the leadership under which the zone syncs. */
    fence?: number;
    log?: Logger;
  },
): Promise<TestZone> {
  const config = dir.config({
    KUMA_MODE: 'zone',
    KUMA_MULTIZONE_ZONE_NAME: options.name,
    KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: `grpcs://localhost:${options.port}`,
    KUMA_MULTIZONE_ZONE_KDS_ROOT_CA_FILE: join(dir.path, 'kuma-cp.crt'),
    ...options.env,
  });
  const proxyAdmin = options.proxyAdmin ?? (async () => Promise.reject(new MeshError('not_found', { public: 'Not found' })));
  const opened = await openControlPlane({ config, log: silentLogger, proxyAdmin, ...(options.store ? { store: options.store } : {}) });
  const { store, view, registry, instance } = opened;
  await store.transact([{ op: 'upsert', draft: { kind: 'Zone', mesh: '', name: options.name, spec: {} } }], { author: { name: 'test' } });
  const subscriptions = new ZoneSubscriptions({ store, clock: systemClock, limit: 10, flushIntervalMs: 50, log: silentLogger });
  const metrics = new Metrics(options.name);
  const sync = new ZoneSyncRunner({
    config,
    store,
    view,
    registry,
    instance,
    metrics,
    ...(options.beatIntervalMs ? { beatIntervalMs: options.beatIntervalMs } : {}),
    ...(options.fence === undefined ? {} : { fence: options.fence }),
    log: options.log ?? silentLogger,
    subscriptions,
    deliveries: opened.controlPlane.deliveries,
    proxyAdmin: (request) => opened.controlPlane.proxyAdmin(request),
  });
  await sync.start();
  return {
    opened,
    sync,
    metrics,
    stop: async () => {
      await sync.stop();
      await opened.close();
    },
  };
}

/** Resolves with what `find` returns once it returns something; looks after every change of the view. */
export function eventually<T>(opened: OpenedControlPlane, find: () => T | undefined | false, what = 'the expected state'): Promise<T> {
  return new Promise((resolve, reject) => {
    const look = (_event?: ViewEvent): void => {
      const found = find();
      if (found === undefined || found === false) return;
      clearTimeout(timer);
      subscription.unsubscribe();
      resolve(found);
    };
    const subscription = opened.view.subscribe(look);
    const timer = setTimeout(() => {
      subscription.unsubscribe();
      reject(new Error(`${what} did not come`));
    }, 10_000);
    look();
  });
}

/** The copy of a resource, found by its display name. */
export function copyOf(opened: OpenedControlPlane, kind: string, displayName: string): Resource | undefined {
  return opened.view.list(kind).find((r) => (r.meta.labels['kuma.io/display-name'] ?? r.meta.name) === displayName) as Resource | undefined;
}
