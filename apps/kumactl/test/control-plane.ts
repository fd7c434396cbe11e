import 'reflect-metadata';
import { run, type ServiceFactory } from '@mesh/runtime';
import { ApiModule } from '@mesh/service-api';
import { GlobalModule } from '@mesh/service-global';
import { ZoneModule } from '@mesh/service-zone';
import { testStoreEnv } from '@mesh/store-kit';
import { bootService } from '@mesh/testing';
import { expect, vi } from 'vitest';
import type { Shell } from './shell.js';

/** A control plane with its API, as kuma-cp starts them, on free ports and with an empty store of its own. */
export interface RunningControlPlane {
  readonly url: string;
  stop(): Promise<number>;
}

/** Starts one, and makes it the one that kumactl of a shell talks to. */
export async function startControlPlane(shell: Shell, mode: 'zone' | 'global' = 'zone'): Promise<RunningControlPlane> {
  const state: ServiceFactory = (options) => (mode === 'zone' ? ZoneModule.forRoot(options) : GlobalModule.forRoot(options));
  const services = (): ServiceFactory[] => [state, (options) => ApiModule.forRoot(options)];
  const store = await testStoreEnv();
  const service = await bootService(({ env, logOutputPath }) =>
    run({ name: 'kuma-cp', services, env: { ...env, ...store, KUMA_MODE: mode } }, { logOutputPath }),
  );
  const served = service.logLines().find(({ msg }) => msg === 'the API is served');
  const url = `http://localhost:${String(served?.http)}`;
  await shell.run(`kumactl config control-planes add --name test --address ${url} --overwrite`);
  // Defaults are made by the leader, a moment after the start.
  const isReady = mode === 'zone' ? 'kumactl get mesh default && kumactl get zone default' : 'kumactl get mesh default';
  await vi.waitFor(async () => expect((await shell.run(isReady)).code).toBe(0), 30_000);
  return { url, stop: service.stop };
}
