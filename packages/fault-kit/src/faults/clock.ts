import type { Fault } from '../fault.js';

/** The services of zone-2 see a clock that is wrong: certificates and tokens are of another time than those of others. */
export function clockOff(minutes: number): Fault {
  return {
    name: `zone2: clock ${Math.abs(minutes)} minutes ${minutes < 0 ? 'behind' : 'ahead'}`,
    place: 'zone2',
    needs: 'faketime',
    lastsMs: { sampled: 5_000, full: 60_000 },
    inject: async (world) => world.clockOfZone2.set(minutes),
    heal: async (world) => world.clockOfZone2.set(0),
  };
}
