import type { Place, World } from './world/world.js';

/** What a fault needs of the machine it runs on. */
export type Need = 'wires' | 'faketime' | 'mounts';

/** Something that goes wrong in a running mesh, and its end. */
export interface Fault {
  /** A sentence's beginning, as the name of a test and a line of the log. */
  readonly name: string;
  readonly needs?: Need;
  /** Where it happens: faults of different places can happen at once. */
  readonly place: Place;
  /** It needs everything else to work, so that it can happen at all. */
  readonly isAlone?: boolean;
  /** `npm test` leaves it to the random walk and to `pnpm e2e:faults`: a fault of its kind is there already. */
  readonly isFullOnly?: boolean;
  /** What was written at this control plane is gone by its nature. */
  readonly losesWritesAt?: Place;
  /** A KDS stream falls silent: one of these control planes must notice before it is over, if it lasts long enough. */
  readonly silences?: readonly Place[];
  /** How long it lasts at least, in ms: in the sampled run of `npm test`, and in `pnpm e2e:faults`. */
  readonly lastsMs: { readonly sampled: number; readonly full: number };
  inject(world: World): Promise<void>;
  /** Ends it; resolves when it is over, as whoever caused it sees it. */
  heal(world: World): Promise<void>;
}
