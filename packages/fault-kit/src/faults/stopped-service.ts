import type { Fault } from '../fault.js';
import type { Place } from '../world/world.js';

/** A service that hangs: it keeps its connections, and says nothing. */
export function stopped(place: Place, service: string): Fault {
  return {
    name: `${place}: ${service} stopped in its tracks`,
    place,
    // Its peers at the other ends of KDS notice; whoever serves no KDS is not missed there.
    ...(service === 'global-cp' ? { silences: ['zone1', 'zone2'] } : service === 'zone-cp' ? { silences: ['global'] } : {}),
    lastsMs: { sampled: place === 'global' ? 14_000 : 8_000, full: 60_000 },
    inject: async (world) => world.pause(place, service),
    heal: async (world) => world.resume(place, service),
  };
}

/** The leader of two instances hangs, longer than its lease, and goes on as if nothing had been. */
export function leaderStopped(place: Place, service: string): Fault {
  let index = 0;
  return {
    name: `${place}: leader of two ${service} stopped in its tracks`,
    place,
    lastsMs: { sampled: 12_000, full: 60_000 },
    inject: async (world) => {
      index = await world.pick(place, service, 'leader');
      world.pause(place, service, index);
    },
    heal: async (world) => world.resume(place, service, index),
  };
}
