import type { Refusal } from './beat.js';
import type { ReceivedBatch, Rejection } from './receiver.js';

/** What was refused on one stream and has not come in an acceptable form since. */
export class Quarantine {
  private readonly kinds = new Map<string, Map<string, string>>();

  /** Notes a batch and what of it was refused. */
  note(batch: Pick<ReceivedBatch, 'kind' | 'resources' | 'removed'>, rejected: readonly Rejection[]): void {
    const refused = this.kinds.get(batch.kind) ?? new Map<string, string>();
    for (const { name } of batch.resources) refused.delete(name);
    for (const name of batch.removed) refused.delete(name);
    for (const { name, message } of rejected) refused.set(name, message);
    if (refused.size > 0) this.kinds.set(batch.kind, refused);
    else this.kinds.delete(batch.kind);
  }

  /** In order of kind and name. */
  list(): Refusal[] {
    return [...this.kinds]
      .sort(byText)
      .flatMap(([kind, refused]) => [...refused].sort(byText).map(([name, reason]) => ({ kind, name, reason })));
  }
}

function byText(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
