import type { Snapshot } from '@mesh/delta';
import type { MeshContext } from '../context/mesh-context.js';
import type { Read } from '../context/reads.js';
import type { Frame } from './collector.js';

/** What a part is made from. */
export interface PartSources {
  readonly inputs: readonly unknown[];
  readonly context?: MeshContext;
}

interface Part {
  readonly inputs: readonly unknown[];
  readonly reads: readonly Read[];
  /** Of the context they were read from; in another one nobody tells whether they would be the same. */
  readonly lineage: object | undefined;
  readonly value: unknown;
}

/**
 * Keeps encoded parts of one proxy's configuration from build to build. A part is made anew when
 * one of the inputs it was made from is another one, or something it read from the context has
 * changed; inputs are compared by identity, so hand in frozen values and texts.
 */
export class BuildMemory {
  /** The newest snapshot that held together. */
  snapshot: Snapshot | undefined;
  /** The frame it was made of. */
  checked: Frame | undefined;
  private readonly parts = new Map<string, Part>();

  /** The part as it was made last, or what `make` gives now; `context` is what it reads, if any. */
  reuse<T>(part: string, { inputs, context }: PartSources, make: () => T): T {
    const known = this.parts.get(part);
    if (known && sameInputs(known.inputs, inputs) && stillHolds(known, context)) return known.value as T;
    const { value, reads } = context ? context.record(make) : { value: make(), reads: [] };
    this.parts.set(part, { inputs, reads, lineage: context?.lineage, value });
    return value;
  }
}

function stillHolds({ lineage, reads }: Part, context: MeshContext | undefined): boolean {
  return lineage === context?.lineage && (!context || context.holds(reads));
}

function sameInputs(before: readonly unknown[], now: readonly unknown[]): boolean {
  return before.length === now.length && before.every((input, i) => Object.is(input, now[i]));
}
