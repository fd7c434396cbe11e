import type { Resource } from '@mesh/core';
import type { MeshContext } from './mesh-context.js';
import { type Concern, Read, type Reader, ReadLog, type ReadSource, ReadTable, readsHold } from './reads.js';

/** Sources of reads that come straight from a context. */
export type RootSource = Exclude<ReadSource, 'derived'>;

/** What computations gave. */
interface Kept {
  readonly value: unknown;
  readonly reads: readonly Read[];
  /** The newest generation in which somebody asked for it. */
  used: number;
}

/** How a value comes from a context. */
export interface Derivation<T> {
  readonly compute: (context: MeshContext) => T;
  readonly same: (a: T, b: T) => boolean;
}

interface Derived extends Kept, Derivation<unknown> {
  /** The newest generation in which its reads were found to hold. */
  verified: number;
}

/** A context as its memory sees it. */
export interface Generation {
  readonly generation: number;
  readonly context: MeshContext;
  /** What a read gives now. */
  look(source: RootSource, key: string): unknown;
}

/** What tells where traffic goes: it is passed on first. */
const ENDPOINT_SOURCES: ReadonlySet<ReadSource> = new Set(['endpoints', 'unreachable', 'egress-endpoints']);

/** Forgotten entries start to be looked for at this size. */
const SWEEP_MIN = 512;

/**
 * What was computed for a mesh, kept from one context to the next: a value is computed again only
 * when something it read has changed (design.md §4). Whatever reads through the context is followed
 * by itself; there are no rules of invalidation to keep right.
 */
export class MeshMemory {
  private static generations = 0;
  private readonly log = new ReadLog();
  private readonly table = new ReadTable();
  private readonly kept = new Map<string, Kept>();
  private readonly derived = new Map<string, Derived>();
  private readonly followed = new Map<Reader, readonly Read[]>();
  private concerned = new Map<Reader, Concern>();
  private readonly ids = new WeakMap<Resource<unknown>, string>();
  private idsGiven = 0;
  private sweepAt = SWEEP_MIN;
  private sweptIn = 0;

  /** A number no other context has; entries that nobody asked for in a long time are forgotten. */
  nextGeneration(): number {
    MeshMemory.generations += 1;
    if (this.size > this.sweepAt) this.sweep();
    return MeshMemory.generations;
  }

  /** Finds out which reads would give something else in the context that is the newest now, and whom that concerns. */
  advance(now: Generation): void {
    this.table.forEach((read) => {
      if (read.source === 'derived' || Object.is(now.look(read.source, read.key), read.value)) return;
      this.expire(read, ENDPOINT_SOURCES.has(read.source) ? 'endpoints' : 'other');
    });
    for (const read of this.table.ofSource('derived')) if (read.readers.size > 0) this.settle(now, read);
  }

  /** Writes down that this was read. */
  note(source: RootSource, key: string, value: unknown): void {
    if (this.log.isOpen) this.log.note(this.readOf(source, key, value));
  }

  /** Runs `compute` and tells what it read. */
  record<T>(compute: () => T): { readonly value: T; readonly reads: readonly Read[] } {
    const reads = new Set<Read>();
    try {
      const value = this.log.record(reads, compute);
      return { value, reads: [...reads] };
    } finally {
      this.log.noteAll(reads);
    }
  }

  /** Whether these reads would give now what they gave then. Counts as reading them. */
  holds(now: Generation, reads: readonly Read[]): boolean {
    if (!this.areCurrent(now, reads)) return false;
    this.log.noteAll(reads);
    return true;
  }

  /** Runs `compute`; the reader is told as soon as something differs of what was read, also where `compute` throws. */
  follow<T>(reader: Reader, compute: () => T): T {
    const reads = new Set<Read>();
    try {
      return this.log.record(reads, compute);
    } finally {
      for (const read of this.followed.get(reader) ?? []) if (!reads.has(read)) read.readers.delete(reader);
      for (const read of reads) read.readers.add(reader);
      this.followed.set(reader, [...reads]);
      this.concerned.delete(reader);
    }
  }

  unfollow(reader: Reader): void {
    for (const read of this.followed.get(reader) ?? []) read.readers.delete(reader);
    this.followed.delete(reader);
    this.concerned.delete(reader);
  }

  /** The readers that something changed for since the last call, and since they read it. */
  takeConcerned(): ReadonlyMap<Reader, Concern> {
    const { concerned } = this;
    this.concerned = new Map();
    return concerned;
  }

  /** The value of a key, computed unless it is known and nothing it read has changed. */
  memo<T>(now: Generation, key: string, compute: () => T): T {
    const known = this.kept.get(key);
    if (known && this.holds(now, known.reads)) {
      known.used = now.generation;
      return known.value as T;
    }
    const made = this.record(compute);
    this.kept.set(key, { ...made, used: now.generation });
    return made.value;
  }

  /**
   * Like `memo` for a value that comes from the context alone. Who reads it depends on the value and
   * not on what the value was made from: where it comes out the same, nothing is computed anew.
   */
  derive<T>(now: Generation, key: string, how: Derivation<T>): T {
    const known = this.derived.get(key);
    const { value } = known && this.isCurrent(now, known) ? known : this.rederive(now, key, how as Derivation<unknown>);
    this.log.note(this.readOf('derived', key, value));
    return value as T;
  }

  /** A text that no other resource of this mesh ever had: a resource that changes is another one. */
  idOf(resource: Resource<unknown>): string {
    let id = this.ids.get(resource);
    if (!id) this.ids.set(resource, (id = (this.idsGiven += 1).toString(36)));
    return id;
  }

  private get size(): number {
    return this.kept.size + this.derived.size + this.table.size;
  }

  private readOf(source: ReadSource, key: string, value: unknown): Read {
    const known = this.table.find(source, key);
    return known && Object.is(known.value, value) ? known : this.table.add(new Read(source, key, value));
  }

  private areCurrent(now: Generation, reads: readonly Read[]): boolean {
    for (const read of reads) {
      if (!read.stale && read.source === 'derived') this.settle(now, read);
      if (read.stale) return false;
    }
    return true;
  }

  private isCurrent(now: Generation, known: Derived): boolean {
    known.used = now.generation;
    if (known.verified === now.generation) return true;
    if (!this.areCurrent(now, known.reads)) return false;
    known.verified = now.generation;
    return true;
  }

  /** Makes a derived value anew where what it comes from has changed; its read is stale if it comes out different, or cannot be made. */
  private settle(now: Generation, { key }: Read): void {
    const known = this.derived.get(key);
    if (!known || this.isCurrent(now, known)) return;
    try {
      this.rederive(now, key, known);
    } catch {
      // Whoever needs it will run into the same, and say so.
      this.forgetDerived(key);
    }
  }

  private rederive(now: Generation, key: string, { compute, same }: Derivation<unknown>): Derived {
    const before = this.derived.get(key);
    const reads = new Set<Read>();
    try {
      const value = this.log.record(reads, () => compute(now.context));
      const unchanged = before !== undefined && same(before.value, value);
      const { generation } = now;
      const derived = { value: unchanged ? before.value : value, reads: [...reads], compute, same, verified: generation, used: generation };
      if (!unchanged) this.forgetDerived(key);
      this.derived.set(key, derived);
      return derived;
    } catch (error) {
      this.log.noteAll(reads);
      throw error;
    }
  }

  /** Whoever read it has to be looked at, for the reason for which what it was made from is stale. */
  private forgetDerived(key: string): void {
    const known = this.derived.get(key);
    this.derived.delete(key);
    const read = this.table.find('derived', key);
    if (known && read) this.expire(read, known.reads.some((of) => of.stale === 'endpoints') ? 'endpoints' : 'other');
  }

  private expire(read: Read, concern: Concern): void {
    read.stale = concern;
    this.table.delete(read);
    for (const reader of read.readers) if (concern === 'endpoints' || !this.concerned.has(reader)) this.concerned.set(reader, concern);
    read.readers.clear();
  }

  /** What is dropped here though somebody holds it counts as changed: it is made anew when it is needed. */
  private sweep(): void {
    for (const [key, { used, reads }] of this.kept) if (used <= this.sweptIn || !readsHold(reads)) this.kept.delete(key);
    for (const [key, { used }] of this.derived) if (used <= this.sweptIn) this.forgetDerived(key);
    const needed = new Set<Read>();
    for (const entries of [this.kept, this.derived]) for (const { reads } of entries.values()) for (const read of reads) needed.add(read);
    this.table.forEach((read) => {
      if (read.readers.size === 0 && !needed.has(read)) this.expire(read, 'other');
    });
    this.sweptIn = MeshMemory.generations;
    this.sweepAt = Math.max(SWEEP_MIN, 2 * this.size);
  }
}
