import type { Fault } from '../fault.js';
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
