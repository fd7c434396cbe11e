import type { Fault } from '../fault.js';

/** Two faults at once; they end in the other order. */
export function both(first: Fault, second: Fault): Fault {
  return {
    name: `${first.name}, and ${second.name}`,
    place: first.place,
    isAlone: true,
    lastsMs: {
      sampled: Math.max(first.lastsMs.sampled, second.lastsMs.sampled),
      full: Math.max(first.lastsMs.full, second.lastsMs.full),
    },
    inject: async (world) => {
      await first.inject(world);
      await second.inject(world);
    },
    heal: async (world) => {
      await second.heal(world);
      await first.heal(world);
    },
  };
}
