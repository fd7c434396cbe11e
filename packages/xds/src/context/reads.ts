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

/** Something that was read from a context, and what it was: compared by identity with what it is now. */
export interface Read {
  readonly source: ReadSource;
  readonly key: string;
  readonly value: unknown;
}

/** Tells what a read would give now. */
export interface ReadsNow {
  look(source: ReadSource, key: string): unknown;
}

/** Whether all reads would give today what they gave then. */
export function readsHold(reads: readonly Read[], now: ReadsNow): boolean {
  for (const read of reads) if (!Object.is(now.look(read.source, read.key), read.value)) return false;
  return true;
}

/**
 * Writes down what computations read, so that they can be spared while none of it changes. Nested
 * computations write into those around them too.
 */
export class ReadLog {
  private readonly open: Map<string, Read>[] = [];

  note(source: ReadSource, key: string, value: unknown): void {
    const innermost = this.open.at(-1);
    if (!innermost) return;
    const id = `${source}/${key}`;
    if (!innermost.has(id)) innermost.set(id, { source, key, value });
  }

  noteAll(reads: readonly Read[]): void {
    if (this.open.length > 0) for (const { source, key, value } of reads) this.note(source, key, value);
  }

  /** Runs `compute` and returns what it read with its value. What it throws goes through. */
  record<T>(compute: () => T): { readonly value: T; readonly reads: readonly Read[] } {
    const log = new Map<string, Read>();
    this.open.push(log);
    try {
      return { value: compute(), reads: [...log.values()] };
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
