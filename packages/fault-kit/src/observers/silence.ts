import type { Place, World } from '../world/world.js';

const SERVICE: Readonly<Record<Place, string>> = { global: 'global-cp', zone1: 'zone-cp', zone2: 'zone-cp' };

/** Sees when control planes notice that a KDS stream is silent: they count the streams they ended for that. */
export class SilenceWatch {
  private constructor(
    private readonly world: World,
    private readonly before: ReadonlyMap<Place, number>,
  ) {}

  /** @param places any of which has to notice. */
  static async start(world: World, places: readonly Place[]): Promise<SilenceWatch> {
    return new SilenceWatch(world, new Map(await Promise.all(places.map(async (place) => [place, await count(world, place)] as const))));
  }

  /** Resolves when the first of them has, with how many ms that took from this call. @throws Error where none does. */
  async noticed(): Promise<number> {
    const startedAt = performance.now();
    return this.world.until('a silent stream noticed by a control plane', async () => {
      const counts = [...this.before].map(async ([place, before]) => (await count(this.world, place)) > before);
      return (await Promise.all(counts)).some(Boolean) && Math.round(performance.now() - startedAt);
    });
  }
}

function count(world: World, place: Place): Promise<number> {
  return world.metric('kds_silent_streams_total', { place, service: SERVICE[place] });
}
