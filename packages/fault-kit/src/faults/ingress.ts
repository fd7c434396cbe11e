import { probe, type StartedIngress, startIngress } from '@mesh/lab-kit';
import type { Fault } from '../fault.js';
import type { World } from '../world/world.js';

interface ZoneIngresses {
  readonly items: readonly { readonly networking?: { readonly advertisedAddress?: string; readonly advertisedPort?: number } }[];
}

/** The ingress of zone-2 is moved to another host: a new one comes up there, then the old one is stopped. */
export function ingressReplaced(): Fault {
  let number = 1;
  let started: StartedIngress | undefined;
  return {
    name: 'zone2: ingress replaced under another address',
    place: 'zone2',
    lastsMs: { sampled: 2_000, full: 10_000 },
    inject: async ({ lab, addressBlock }) => {
      number++;
      started = await startIngress({ options: { addressBlock }, deployment: lab.deployment, zone: lab.zone2, index: 2, number });
    },
    heal: async (world) => {
      if (!started) throw new Error('no ingress was started');
      await isKnown(world, started);
      await world.stopProxy('zone2', `ingress-${number - 1}`);
      await world.until('an answer of zone-2 through its new ingress', async () => {
        const { echo } = await probe(world.lab.backendFromWeb);
        return echo?.zone === 'zone-2';
      });
    },
  };
}

/** Waits until zone-1 knows the ingress of zone-2 at its address. */
async function isKnown(world: World, { address, port }: StartedIngress): Promise<void> {
  await world.until(`the ingress at ${address} in zone-1`, async () => {
    const list = await world.lab.zone1.api.get<ZoneIngresses>('/zoneingresses');
    return list?.items.some(({ networking }) => networking?.advertisedAddress === address && networking.advertisedPort === port);
  });
}
