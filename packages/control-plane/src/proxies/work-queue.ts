import type { Concern } from '@mesh/xds';

/** One of so many turns belongs to those that nothing urgent concerns, while there are urgent ones. */
const FAIR_SHARE = 4;

/**
 * What is to be worked on, each item once: those that endpoints concern first, for traffic waits for them; the others
 * get their share meanwhile. Whoever has waited longest is next.
 */
export class WorkQueue<T> {
  private readonly urgent = new Set<T>();
  private readonly others = new Set<T>();
  private turn = 0;

  get size(): number {
    return this.urgent.size + this.others.size;
  }

  /** Adds an item; one that waits already keeps its place, unless it is urgent only now. */
  add(item: T, concern: Concern): void {
    if (concern === 'endpoints') {
      this.others.delete(item);
      this.urgent.add(item);
    } else if (!this.urgent.has(item)) this.others.add(item);
  }

  delete(item: T): void {
    this.urgent.delete(item);
    this.others.delete(item);
  }

  clear(): void {
    this.urgent.clear();
    this.others.clear();
  }

  /** Takes the next item out; undefined where there is none. */
  next(): T | undefined {
    this.turn = (this.turn + 1) % FAIR_SHARE;
    const [preferred, second] = this.turn === 0 ? [this.others, this.urgent] : [this.urgent, this.others];
    const from = preferred.size > 0 ? preferred : second;
    const [item] = from;
    if (item !== undefined) from.delete(item);
    return item;
  }
}
