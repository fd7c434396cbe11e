import { resolveName } from '@mesh/lab-kit';
import type { Fault } from '../fault.js';
import type { Place, World } from '../world/world.js';

const SERVICES = ['zone-cp', 'api-gateway', 'ingress-manager', 'dns-resolver'] as const;
const STREAMS = 'xds_streams_active';

/**
 * Every service of a zone is scaled from two instances to three, in order down to the newest one alone, and back to the first two:
 * each instance takes over all there is, nothing is bound to the one it came to first.
 */
export function scaled(place: 'zone1' | 'zone2'): Fault {
  let third = 0;
  return {
    name: `${place}: services scaled to three instances, down to one, and back`,
    place,
    lastsMs: { sampled: 2_000, full: 20_000 },
    inject: async (world) => {
      const instances = world.instances(place);
      third = await instances.grow();
      for (const index of [0, 1]) await instances.shrink(index);
      await servesAll(world, place, third);
    },
    heal: async (world) => {
      for (const index of [0, 1]) for (const service of SERVICES) await world.startAgain(place, service, index);
      const instances = world.instances(place);
      await instances.shrink(third);
      instances.forgetLast();
    },
  };
}

/** The one instance that is left has every stream of the zone, and answers. */
async function servesAll(world: World, place: Place, index: number): Promise<void> {
  await world.until(
    'both sidecars at the last instance',
    async () => (await world.metric(STREAMS, { place, service: 'zone-cp', index })) === 2,
  );
  await world.until(
    'the ingress at the last instance',
    async () => (await world.metric(STREAMS, { place, service: 'ingress-manager', index })) === 1,
  );
  const { ports } = world.instances(place).at(index);
  await world.until(
    'an answer of the last resolver',
    async () => (await resolveName('backend.mesh', { address: '127.0.0.1', port: ports.dns })).length === 1,
  );
}
