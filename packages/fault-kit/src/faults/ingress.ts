import { probe, type StartedIngress, startIngress } from '@mesh/lab-kit';
import type { Fault } from '../fault.js';
import type { World } from '../world/world.js';

/**
 * The ingress of zone-2 is moved to another host: a new one comes up there, the old one is taken out of the mesh, then stopped.
 * Who only stops it leaves its address to others for as long as `dataplaneDeregistrationDelay`.
 */
export function ingressReplaced(): Fault {
  let old: StartedIngress | undefined;
  let present: StartedIngress | undefined;
  let number = 1;
  return {
    name: 'zone2: ingress replaced under another address',
    place: 'zone2',
    lastsMs: { sampled: 2_000, full: 10_000 },
    inject: async ({ lab, addressBlock }) => {
      number++;
      old = present ?? lab.ingress2;
      present = await startIngress({ options: { addressBlock }, deployment: lab.deployment, zone: lab.zone2, index: 2, number });
    },
    heal: async (world) => {
      if (!old || !present) throw new Error('no ingress was started');
      const { zone2, backendFromWeb } = world.lab;
      await isKnownToWeb(world, present, true);
      await fetch(`${zone2.api.url}/zoneingresses/ingress-${number - 1}`, { method: 'DELETE' });
      await isKnownToWeb(world, old, false);
      await old.process.stop();
      await world.until('an answer of zone-2 through its new ingress', async () => (await probe(backendFromWeb)).echo?.zone === 'zone-2');
    },
  };
}

/** Waits until the Envoy of `web`, in zone-1, has the address of an ingress, or has it no more. */
async function isKnownToWeb(world: World, { address, port }: StartedIngress, known: boolean): Promise<void> {
  await world.until(`web with${known ? '' : 'out'} the ingress at ${address}`, async () => {
    const clusters = await fetch(`${world.lab.zone1.api.url}/meshes/default/dataplanes/web-1/clusters`);
    return clusters.ok && (await clusters.text()).includes(`${address}:${port}`) === known;
  });
}
