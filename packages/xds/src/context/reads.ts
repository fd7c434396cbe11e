/** The parts of a context that values are made from; one with a key is read piece by piece. */
export type ReadSource =
  | 'mesh'
  | 'mtls'
  | 'passthrough'
  | 'vips'
  | 'dataplanes'
  | 'external-services'
  | 'endpoints'
  | 'unreachable'
  | 'egress-endpoints'
  | 'policies'
  | 'tls-ready'
  | 'address'
  | 'derived';

/** The key of a read that looks at all of a source. */
export const ALL = '*';

/** Whoever is to be told when something it read has changed; compared by identity. */
export type Reader = object;

/** Where a change came from: from endpoints, which traffic waits for, or from something else. */
export type Concern = 'endpoints' | 'other';

/**
 * Something that was read from a context, and what it was. There is one for all who read it, up to the
 * change after which it would give something else: so a change is found out once, not once for each reader.
 */
export class Read {
  /** It would give something else by now: why. */
  stale: Concern | undefined;
  /** Those to be told then. */
  readonly readers = new Set<Reader>();

  constructor(
    readonly source: ReadSource,
    readonly key: string,
    readonly value: unknown,
  ) {}
}

/** Whether all reads would give now what they gave then. */
export function readsHold(reads: Iterable<Read>): boolean {
  for (const read of reads) if (read.stale) return false;
  return true;
}

/** All reads that are not stale, by what was read. */
export class ReadTable {
  private readonly bySource = new Map<ReadSource, Map<string, Read>>();

  get size(): number {
    let size = 0;
    for (const reads of this.bySource.values()) size += reads.size;
    return size;
  }

  add(read: Read): Read {
    let reads = this.bySource.get(read.source);
    if (!reads) this.bySource.set(read.source, (reads = new Map()));
    reads.set(read.key, read);
    return read;
  }

  find(source: ReadSource, key: string): Read | undefined {
    return this.bySource.get(source)?.get(key);
  }

  /** Visits all reads; those that are deleted meanwhile may be missed, and nobody else. */
  forEach(visit: (read: Read) => void): void {
    for (const reads of this.bySource.values()) reads.forEach(visit);
  }

  ofSource(source: ReadSource): Iterable<Read> {
    return this.bySource.get(source)?.values() ?? [];
  }

  delete(read: Read): void {
    const reads = this.bySource.get(read.source);
    if (reads?.get(read.key) === read) reads.delete(read.key);
  }
}

/**
 * Writes down what computations read, so that they can be spared while none of it changes. Nested
 * computations write into those around them too.
 */
export class ReadLog {
  private readonly open: Set<Read>[] = [];

  /** Whether anything is being recorded. */
  get isOpen(): boolean {
    return this.open.length > 0;
  }

  note(read: Read): void {
    this.open.at(-1)?.add(read);
  }

  noteAll(reads: Iterable<Read>): void {
    const innermost = this.open.at(-1);
    if (innermost) for (const read of reads) innermost.add(read);
  }

  /** Runs `compute` and writes what it read into `reads`, also where it throws. */
  record<T>(reads: Set<Read>, compute: () => T): T {
    this.open.push(reads);
    try {
      return compute();
    } finally {
      this.open.pop();
    }
  }
}

/** A map that tells what is read from it: a key, or, where it is gone through, all of it. */
export class WatchedMap<V> implements ReadonlyMap<string, V> {
  constructor(
    private readonly map: ReadonlyMap<string, V>,
    private readonly note: (key: string, value: unknown) => void,
  ) {}

  get(key: string): V | undefined {
    const value = this.map.get(key);
    this.note(key, value);
    return value;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  get size(): number {
    return this.all().size;
  }

  keys(): MapIterator<string> {
    return this.all().keys();
  }

  values(): MapIterator<V> {
    return this.all().values();
  }

  entries(): MapIterator<[string, V]> {
    return this.all().entries();
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  forEach(callback: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    this.all().forEach(callback);
  }

  private all(): ReadonlyMap<string, V> {
    this.note(ALL, this.map);
    return this.map;
  }
}
