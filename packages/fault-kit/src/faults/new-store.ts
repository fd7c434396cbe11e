import type { Fault } from '../fault.js';

const SERVICES = ['global-cp', 'api-gateway'] as const;

/** The global loses its store without a backup, and starts with an empty one. */
export const globalEmptied: Fault = {
  name: 'global: restarted with an empty store',
  place: 'global',
  isAlone: true,
  losesWritesAt: 'global',
  lastsMs: { sampled: 3_000, full: 30_000 },
  inject: async (world) => {
    for (const service of SERVICES) await world.kill('global', service);
    await world.databases.global.empty();
  },
  heal: async (world) => {
    for (const service of SERVICES) await world.startAgain('global', service);
  },
};
