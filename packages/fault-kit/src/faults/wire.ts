import type { Fault } from '../fault.js';
import type { WireRule } from '../world/wire.js';

const DEAD: WireRule = { drop: true };
const POOR: WireRule = { loss: 0.2, delayMs: 200 };

/** Packets between zone-2 and the global are dropped, both ways. */
export const zoneCut: Fault = onWire('zone-2 cut from the global', { up: DEAD, down: DEAD });
/** Only what the zone sends is dropped. */
export const zoneUnheard: Fault = onWire('zone-2 cut from the global, its own packets only', { up: DEAD });
/** Only what the global sends is dropped. */
export const zoneDeaf: Fault = onWire('zone-2 cut from the global, packets of the global only', { down: DEAD });
/** 20 % of the packets are lost, the others 200 ms late, both ways. */
export const zonePoor: Fault = onWire('zone-2 with 20 % loss and 200 ms delay to the global', { up: POOR, down: POOR });

function onWire(name: string, rules: { readonly up?: WireRule; readonly down?: WireRule }): Fault {
  return {
    name,
    place: 'zone2',
    needs: 'wires',
    ...(rules.up?.drop || rules.down?.drop ? { silences: ['global', 'zone2'] } : {}),
    lastsMs: { sampled: 15_000, full: 120_000 },
    inject: (world) => world.wire('zone2').set(rules),
    heal: (world) => world.wire('zone2').set({}),
  };
}
