import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ApiClient,
  type ControlPlaneHandle,
  Deployment,
  type EmbeddedPostgres,
  type ManagedProcess,
  startEmbeddedPostgres,
} from '@mesh/lab-kit';
import { type ProcessCost, processCost } from '../fleet/process-cost.js';
import { profileEnv } from '../profile-env.js';
import { transactionCounts } from '../sql.js';

const DATABASE = 'global';

interface Parts {
  readonly deployment: Deployment;
  readonly postgres: EmbeddedPostgres;
  readonly global: ControlPlaneHandle;
  readonly workDir: string;
}

/** `global-cp` and `api-gateway` on Postgres, as processes of their own. */
export class GlobalSystem {
  private constructor(
    private readonly parts: Parts,
    private process: ManagedProcess,
  ) {}

  /** Starts it and waits for its API. @param profileDir directory for CPU profiles of `global-cp`. */
  static async start(binDir: string, profileDir: string | undefined): Promise<GlobalSystem> {
    const workDir = mkdtempSync(join(tmpdir(), 'mesh-kds-bench-'));
    chmodSync(workDir, 0o711);
    const deployment = new Deployment({ binDir, workDir, envoyPath: '' });
    let postgres: EmbeddedPostgres | undefined;
    try {
      postgres = await startEmbeddedPostgres({ dataDir: join(workDir, 'postgres'), temporary: true, databases: [DATABASE] });
      const { host, port, user, password } = postgres;
      const store = { type: 'postgres', host, port, user, password, database: DATABASE } as const;
      const global = await deployment.launchControlPlane({ name: 'global', store, layout: 'services', env: profileEnv(profileDir) });
      await deployment.waitForApi(global);
      await deployment.until('mesh default', () => global.api.get('/meshes/default'));
      const running = global.processes.find(({ spec }) => spec.name.endsWith('global-cp'));
      if (!running) throw new Error('the global has no global-cp');
      return new GlobalSystem({ deployment, postgres, global, workDir }, running);
    } catch (error) {
      await deployment.stop();
      await postgres?.stop();
      rmSync(workDir, { recursive: true, force: true });
      throw error;
    }
  }

  get api(): ApiClient {
    return this.parts.global.api;
  }

  get kdsPort(): number {
    return this.parts.global.ports.kds;
  }

  /** Of `global-cp` alone. */
  cost(): ProcessCost {
    return processCost(this.process.pid);
  }

  /** SQL transactions so far. */
  async transactions(): Promise<number> {
    return (await transactionCounts(this.parts.postgres, [DATABASE])).get(DATABASE) ?? 0;
  }

  /** Stops `global-cp` and starts it again. Resolves when the new process was started. */
  async restart(): Promise<void> {
    await this.process.stop();
    this.process = await this.parts.deployment.launchService('global-cp', this.parts.global.name, this.parts.global.env);
  }

  async stop(): Promise<void> {
    await this.parts.deployment.stop();
    await this.parts.postgres.stop();
    rmSync(this.parts.workDir, { recursive: true, force: true });
  }
}
