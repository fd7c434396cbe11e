import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENVOY_RETRY_POLICY, Fleet, FleetWrites, fleetToken } from '@mesh/fleet-kit';
import {
  type ControlPlaneHandle,
  choosePort,
  Deployment,
  type EmbeddedPostgres,
  type ManagedProcess,
  startEmbeddedPostgres,
} from '@mesh/lab-kit';
import { profileEnv } from '../profile-env.js';
import { transactionCounts } from '../sql.js';
import { type ProcessCost, processCost } from './process-cost.js';

/** A control plane to measure. */
export interface TargetSpec {
  readonly name: string;
  readonly binDir: string;
  /** Not ours: it takes other settings, and has a memory store. */
  readonly foreign: boolean;
  readonly store: 'memory' | 'postgres';
  readonly xds: 'sotw' | 'delta';
  /** Directory for CPU profiles of its process; undefined for none. */
  readonly profileDir: string | undefined;
  /** Whether it compares, after every change, what each proxy has with what it would get from scratch. */
  readonly asserts: boolean;
  /** Workers for the streams of dataplanes; undefined for what it does by itself. */
  readonly workers: number | undefined;
}

/** How many dataplanes come, over what time, and what they call. */
export interface FleetSize {
  readonly dataplanes: number;
  readonly services: number;
  readonly outbounds: number;
  readonly rampupMs: number;
}

interface TargetParts {
  readonly deployment: Deployment;
  readonly controlPlane: ControlPlaneHandle;
  readonly postgres: EmbeddedPostgres | undefined;
  readonly workDir: string;
}

const DATABASE = 'fleet';
const DEADLINE_MS = 120_000;
const MESH = 'default';

/** `kuma-cp run` as a zone of its own, with data plane tokens, and a fleet for it. */
export class Target {
  private readonly deployment: Deployment;
  private readonly controlPlane: ControlPlaneHandle;
  private process: ManagedProcess;

  private constructor(
    readonly spec: TargetSpec,
    private readonly parts: TargetParts,
  ) {
    this.deployment = parts.deployment;
    this.controlPlane = parts.controlPlane;
    this.process = parts.controlPlane.processes[0] as ManagedProcess;
  }

  /** Starts it and waits for its API and its mesh. */
  static async start(spec: TargetSpec): Promise<Target> {
    const workDir = mkdtempSync(join(tmpdir(), 'mesh-bench-'));
    chmodSync(workDir, 0o711);
    const ours = join(import.meta.dirname, '../../../bin');
    const deployment = new Deployment({ binDir: spec.binDir, appBinDir: ours, workDir, envoyPath: '' });
    let postgres: EmbeddedPostgres | undefined;
    try {
      if (spec.store === 'postgres') {
        const dataDir = join(workDir, 'postgres');
        postgres = await startEmbeddedPostgres({ dataDir, temporary: true, port: await choosePort(0), databases: [DATABASE] });
      }
      const store = postgres ? ({ type: 'postgres', ...connectionOf(postgres) } as const) : ({ type: 'memory' } as const);
      const env = { KUMA_REPORTS_ENABLED: 'false', ...profileEnv(spec.profileDir), ...workerEnv(spec.workers), ...assertEnv(spec) };
      const controlPlane = await deployment.launchControlPlane({ name: 'zone-1', store, layout: 'single', env });
      await deployment.waitForApi(controlPlane);
      await deployment.until('mesh default', async () => (await controlPlane.api.get(`/meshes/${MESH}`)) !== undefined);
      return new Target(spec, { deployment, controlPlane, postgres, workDir });
    } catch (error) {
      await deployment.stop();
      await postgres?.stop();
      rmSync(workDir, { recursive: true, force: true });
      throw error;
    }
  }

  /** A fleet for it; nobody has joined yet. */
  async fleet(size: FleetSize): Promise<{ fleet: Fleet; writes: FleetWrites }> {
    const { api, ports } = this.controlPlane;
    // Its signing key is made with the mesh, a moment later.
    const token = await this.deployment.until('a dataplane token', () => fleetToken(api.url, MESH));
    const fleet = new Fleet({
      mesh: MESH,
      dataplanes: size.dataplanes,
      services: size.services,
      outbounds: size.outbounds,
      zones: [{ controlPlanes: [{ host: '127.0.0.1', port: ports.dp }] }],
      token,
      variant: this.spec.xds,
      streamsPerConnection: 1,
      retry: this.spec.foreign ? ENVOY_RETRY_POLICY : undefined,
      deadlineMs: DEADLINE_MS,
    });
    return { fleet, writes: new FleetWrites(fleet, { zones: [api.url], policies: api.url }) };
  }

  cost(): ProcessCost {
    return processCost(this.process.pid);
  }

  /** Event loop delay since the last call, p99 in milliseconds, of the busiest process; undefined where it is not exported. */
  async eventLoopP99Ms(): Promise<number | undefined> {
    const text = await this.metrics();
    const lags = [...(text ?? '').matchAll(/^(?:nodejs|xds_worker)_eventloop_lag_p99_seconds(?:\{[^}]*\})? (\S+)$/gm)];
    return lags.length > 0 ? Math.max(...lags.map(([, seconds]) => Number(seconds))) * 1000 : undefined;
  }

  /** How often all proxies were compared with what they would get from scratch, and how often one differed. */
  async assertions(): Promise<{ readonly comparisons: number; readonly differences: number }> {
    const text = (await this.metrics()) ?? '';
    const countOf = (name: string) => Number(new RegExp(`^${name}(?:_total)?(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
    return { comparisons: countOf('xds_assert_comparisons'), differences: countOf('xds_assert_differences') };
  }

  /** What it exports on its diagnostics port; undefined where it does not. */
  private async metrics(): Promise<string | undefined> {
    const port = this.process.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT'];
    const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    return response?.ok ? response.text() : undefined;
  }

  /** SQL transactions so far; undefined without Postgres. */
  async transactions(): Promise<number | undefined> {
    return this.parts.postgres && (await transactionCounts(this.parts.postgres, [DATABASE])).get(DATABASE);
  }

  /** Stops the control plane and starts it again on the same ports and state. Resolves when the new process was started. */
  async restart(): Promise<void> {
    await this.process.stop();
    this.process = await this.deployment.launchService('kuma-cp', this.controlPlane.name, this.controlPlane.env);
  }

  /** Waits until the API answers. */
  async ready(): Promise<void> {
    await this.deployment.waitForApi(this.controlPlane);
  }

  async stop(): Promise<void> {
    await this.deployment.stop();
    await this.parts.postgres?.stop();
    rmSync(this.parts.workDir, { recursive: true, force: true });
  }
}

function workerEnv(workers: number | undefined): Record<string, string> {
  if (workers === undefined) return {};
  return { KUMA_DP_SERVER_WORKERS_COUNT: String(workers), KUMA_DP_SERVER_WORKERS_CONNECTIONS_EACH: '0' };
}

function assertEnv({ asserts }: TargetSpec): Record<string, string> {
  return asserts ? { KUMA_XDS_SERVER_ASSERT_INCREMENTAL: 'true' } : {};
}

function connectionOf({ host, port, user, password }: EmbeddedPostgres) {
  return { host, port, user, password, database: DATABASE };
}
