import type { Fault } from '../fault.js';
import type { Which } from '../world/instances.js';
import type { Place } from '../world/world.js';

/** SIGKILL to a service, and its start by a supervisor. */
export function killed(place: Place, service: string): Fault {
  return {
    name: `${place}: ${service} killed`,
    place,
    lastsMs: { sampled: 1_000, full: 5_000 },
    inject: (world) => world.kill(place, service),
    heal: (world) => world.startAgain(place, service),
  };
}

/** SIGKILL to one of two instances of a service, and its start by a supervisor. */
export function oneKilled(place: Place, service: string, which: Which): Fault {
  let index = 0;
  return {
    name: `${place}: ${which} of two ${service} killed`,
    place,
    lastsMs: { sampled: 3_000, full: 20_000 },
    inject: async (world) => {
      index = await world.pick(place, service, which);
      await world.kill(place, service, index);
    },
    heal: (world) => world.startAgain(place, service, index),
  };
}
