import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControlPlaneHandle, Deployment, type EmbeddedPostgres, type ManagedProcess, startEmbeddedPostgres } from '@mesh/lab-kit';
import { profileEnv } from '../profile-env.js';

/** A global on Postgres with its own API gateway; zones join it when they are asked to. */
export interface ApiSystem {
  readonly global: ControlPlaneHandle;
  /** Process of the API gateway of the global. */
  readonly gateway: ManagedProcess;
  /** Process of the global control plane. */
  readonly globalCp: ManagedProcess;
  readonly postgres: EmbeddedPostgres;
  /** Starts two zones and waits until both are online. Returns one of them. */
  join(): Promise<ControlPlaneHandle>;
  until<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T>;
  stop(): Promise<void>;
}

/**
 * Starts it with real processes. No proxies run: only the API is measured.
 * @param profileDir where CPU profiles of the processes of the global go; none: they are not profiled.
 */
export async function startApiSystem(binDir: string, profileDir?: string): Promise<ApiSystem> {
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
    const global = await deployment.launchControlPlane({ name: 'global', store, layout: 'services', env: profileEnv(profileDir) });
    await deployment.waitForApi(global);
    const processOf = (name: string): ManagedProcess => {
      const found = global.processes.find(({ spec }) => spec.name.endsWith(name));
      if (!found) throw new Error(`the global has no ${name}`);
      return found;
    };
    const joining = async (name: string) => {
      const zone = await deployment.launchControlPlane({ name, store: { type: 'memory' }, layout: 'single', global });
      await deployment.waitForApi(zone);
      await deployment.waitForZone(global, name);
      return zone;
    };
    return {
      global,
      gateway: processOf('api-gateway'),
      globalCp: processOf('global-cp'),
      postgres,
      join: async () => (await Promise.all([joining('zone-1'), joining('zone-2')]))[0],
      until: (what, probe) => deployment.until(what, probe),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
