import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControlPlaneHandle, Deployment, type EmbeddedPostgres, startEmbeddedPostgres } from '@mesh/lab-kit';

/** A global on Postgres with its own API gateway, and two zones that have joined it. */
export interface ApiSystem {
  readonly global: ControlPlaneHandle;
  readonly zone: ControlPlaneHandle;
  /** Process id of the API gateway of the global. */
  readonly gatewayPid: number;
  until<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T>;
  stop(): Promise<void>;
}

/** Starts it with real processes. No proxies run: only the API is measured. */
export async function startApiSystem(binDir: string): Promise<ApiSystem> {
  const workDir = mkdtempSync(join(tmpdir(), 'mesh-api-bench-'));
  chmodSync(workDir, 0o711);
  let postgres: EmbeddedPostgres | undefined;
  const deployment = new Deployment({ binDir, workDir, envoyPath: '' });
  const stop = async () => {
    await deployment.stop();
    await postgres?.stop();
    rmSync(workDir, { recursive: true, force: true });
  };
  try {
    postgres = await startEmbeddedPostgres({ dataDir: join(workDir, 'postgres'), temporary: true, databases: ['global'] });
    const { host, port, user, password } = postgres;
    const store = { type: 'postgres', host, port, user, password, database: 'global' } as const;
    const global = await deployment.launchControlPlane({ name: 'global', store, layout: 'services' });
    await deployment.waitForApi(global);
    const joining = (name: string) => deployment.launchControlPlane({ name, store: { type: 'memory' }, layout: 'single', global });
    const [zone, other] = await Promise.all([joining('zone-1'), joining('zone-2')]);
    await Promise.all([deployment.waitForApi(zone), deployment.waitForApi(other)]);
    await Promise.all([deployment.waitForZone(global, 'zone-1'), deployment.waitForZone(global, 'zone-2')]);
    const gateway = global.processes.find(({ spec }) => spec.name.endsWith('api-gateway'));
    if (!gateway) throw new Error('the global has no api-gateway');
    return { global, zone, gatewayPid: gateway.pid, until: (what, probe) => deployment.until(what, probe), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
