import type { Fault } from '../fault.js';

/** SIGKILL to the Redis server of all control planes; it comes back empty. */
export const redisKilled: Fault = {
  name: 'everywhere: Redis killed',
  place: 'global',
  lastsMs: { sampled: 5_000, full: 60_000 },
  inject: (world) => world.redis.kill(),
  heal: (world) => world.redis.startAgain(),
};
