import type { Resource } from '@mesh/core';
import type { MeshContext } from './mesh-context.js';
import { type Read, ReadLog, type ReadsNow, readsHold } from './reads.js';

/** What computations of one generation were made with. */
interface Kept {
  readonly value: unknown;
  readonly reads: readonly Read[];
  /** The newest generation in which the reads were found to hold. */
  verified: number;
  used: number;
}

/** How a value comes from a context. */
export interface Derivation<T> {
  readonly compute: (context: MeshContext) => T;
  readonly same: (a: T, b: T) => boolean;
}

interface Derived extends Kept, Derivation<unknown> {}

/** A context as its memory sees it. */
export interface Generation extends ReadsNow {
  readonly generation: number;
  readonly context: MeshContext;
}

/** Forgotten entries start to be looked for at this size. */
const SWEEP_MIN = 512;

const GONE = Symbol('gone');

/**
 * What was computed for a mesh, kept from one context to the next: a value is computed again only
 * when something it read has changed (design.md §4). Whatever reads through the context is followed
 * by itself; there are no rules of invalidation to keep right.
 */
export class MeshMemory {
  readonly log = new ReadLog();
  private static generations = 0;
  private readonly kept = new Map<string, Kept>();
  private readonly derived = new Map<string, Derived>();
  private readonly ids = new WeakMap<Resource<unknown>, string>();
  private idsGiven = 0;
  private sweepAt = SWEEP_MIN;
  private sweptIn = 0;

  /** A number no other context has; entries that nobody asked for in a long time are forgotten. */
  nextGeneration(): number {
    MeshMemory.generations += 1;
    if (this.kept.size + this.derived.size > this.sweepAt) this.sweep();
    return MeshMemory.generations;
  }

  /** The value of a key, computed unless it is known and nothing it read has changed. */
  memo<T>(now: Generation, key: string, compute: () => T): T {
    const known = this.kept.get(key);
    if (known && this.holds(now, known)) {
      this.log.noteAll(known.reads);
      return known.value as T;
    }
    const made = this.log.record(compute);
    this.kept.set(key, { ...made, verified: now.generation, used: now.generation });
    this.log.noteAll(made.reads);
    return made.value;
  }

  /**
   * Like `memo` for a value that comes from the context alone. Who reads it depends on the value and
   * not on what the value was made from: where it comes out the same, nothing is computed anew.
   */
  derive<T>(now: Generation, key: string, how: Derivation<T>): T {
    const known = this.derived.get(key);
    if (known && this.holds(now, known)) {
      this.log.note('derived', key, known.value);
      return known.value as T;
    }
    const value = this.rederive(now, key, how as Derivation<unknown>);
    this.log.note('derived', key, value);
    return value as T;
  }

  /** The value a derived key has now; nothing that was read before where it has been forgotten. */
  lookDerived(now: Generation, key: string): unknown {
    const known = this.derived.get(key);
    if (!known) return GONE;
    return this.holds(now, known) ? known.value : this.rederive(now, key, known);
  }

  /** A text that no other resource of this mesh ever had: a resource that changes is another one. */
  idOf(resource: Resource<unknown>): string {
    let id = this.ids.get(resource);
    if (!id) this.ids.set(resource, (id = (this.idsGiven += 1).toString(36)));
    return id;
  }

  private rederive(now: Generation, key: string, { compute, same }: Derivation<unknown>): unknown {
    const before = this.derived.get(key);
    const { value, reads } = this.log.record(() => compute(now.context));
    const unchanged = before !== undefined && same(before.value, value);
    const kept = unchanged ? before.value : value;
    this.derived.set(key, { value: kept, reads, compute, same, verified: now.generation, used: now.generation });
    return kept;
  }

  private holds(now: Generation, kept: Kept): boolean {
    kept.used = now.generation;
    if (kept.verified === now.generation) return true;
    if (!readsHold(kept.reads, now)) return false;
    kept.verified = now.generation;
    return true;
  }

  private sweep(): void {
    for (const entries of [this.kept, this.derived]) {
      for (const [key, { used }] of entries) if (used <= this.sweptIn) entries.delete(key);
    }
    this.sweptIn = MeshMemory.generations;
    this.sweepAt = Math.max(SWEEP_MIN, 2 * (this.kept.size + this.derived.size));
  }
}
