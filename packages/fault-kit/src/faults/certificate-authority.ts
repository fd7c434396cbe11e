import { type ApiClient, meshWithMtls } from '@mesh/lab-kit';
import type { Fault } from '../fault.js';

/** The mesh gets certificates of another authority, while some proxies still have those of the old one; and back again. */
export const authorityRotated: Fault = {
  name: 'global: certificate authority rotated, and back',
  place: 'global',
  lastsMs: { sampled: 4_000, full: 20_000 },
  inject: (world) => enable(world.lab.global.api, 'ca-2'),
  heal: (world) => enable(world.lab.global.api, 'ca-1'),
};

/** Both are trusted all the time, as Kuma's guide to rotation says: trust first, then use. */
async function enable(api: ApiClient, enabledBackend: 'ca-1' | 'ca-2'): Promise<void> {
  const other = enabledBackend === 'ca-1' ? 'ca-2' : 'ca-1';
  const backends = ['ca-1', 'ca-2'].map((name) => ({ name, type: 'builtin' }));
  const mesh = (enabled: string): object => ({ ...meshWithMtls(), mtls: { enabledBackend: enabled, backends } });
  const trusted = await api.put('/meshes/default', mesh(other));
  await api.get(`/convergence?revision=${trusted.headers.get('kuma-revision')}&timeout=20s`);
  await api.put('/meshes/default', mesh(enabledBackend));
}
