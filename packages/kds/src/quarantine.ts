import { parseWireName } from './names.js';
import type { ReceivedBatch, Rejection } from './receiver.js';

/** A resource that one side sends and the other refuses. */
export interface RefusedResource {
  readonly kind: string;
  /** As its sender calls it, and its mesh, where it has one; absent where only the reason is known. */
  readonly name?: string;
  readonly mesh?: string;
  readonly reason: string;
}

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
  list(): RefusedResource[] {
    return [...this.kinds].sort(byText).flatMap(([kind, refused]) =>
      [...refused].sort(byText).map(([wireName, reason]) => {
        const { name, mesh } = parseWireName(wireName) ?? { name: wireName, mesh: '' };
        return { kind, name, ...(mesh === '' ? {} : { mesh }), reason };
      }),
    );
  }
}

function byText(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
