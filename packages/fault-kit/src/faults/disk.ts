import type { Fault } from '../fault.js';

/** Not a byte is left for Postgres of zone-2: it ends, and only comes back once there is room. */
export const diskFull: Fault = {
  name: 'zone2: Postgres out of disk',
  place: 'zone2',
  needs: 'mounts',
  lastsMs: { sampled: 3_000, full: 30_000 },
  inject: (world) => world.databases.zone2.fillDisk(),
  heal: async (world) => {
    world.databases.zone2.freeDisk();
    await world.databases.zone2.startAgain();
  },
};
