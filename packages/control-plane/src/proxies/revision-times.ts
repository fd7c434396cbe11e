/** Changes remembered at least; a proxy that is further behind is not measured. */
const CHANGES_MIN = 4096;

/** Remembers when each of the last changes reached the view. */
export class RevisionTimes {
  private readonly changes: { readonly revision: number; readonly atMs: number }[] = [];

  /** @param since revision after which every change is noted. */
  constructor(private since: number) {}

  /** The view has come to a revision, now. */
  note(revision: number): void {
    this.changes.push({ revision, atMs: performance.now() });
    if (this.changes.length <= 2 * CHANGES_MIN) return;
    this.since = this.changes.splice(0, CHANGES_MIN).at(-1)?.revision ?? this.since;
  }

  /** `performance.now` of the first change after a revision; undefined where there is none, or it is too long ago. */
  after(revision: number): number | undefined {
    if (revision < Math.max(0, this.since)) return undefined;
    let [low, high] = [0, this.changes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.changes[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return this.changes[low]?.atMs;
  }
}
