import type { Fault } from '../fault.js';
import type { Place } from '../world/world.js';

/** A service that hangs: it keeps its connections, and says nothing. */
export function stopped(place: Place, service: string): Fault {
  return {
    name: `${place}: ${service} stopped in its tracks`,
    place,
    lastsMs: { sampled: 8_000, full: 60_000 },
    inject: async (world) => world.signal(place, service, 'SIGSTOP'),
    heal: async (world) => world.signal(place, service, 'SIGCONT'),
  };
}
