import type { Refusal } from './beat.js';

/**
 * What a sender knows of the resources its peer refuses: all of them by name where the peer answers beats; of a
 * Kuma peer the last refusal of each kind, until the peer takes something of that kind.
 */
export class SenderRefusals {
  private readonly byKind = new Map<string, string>();
  private byName: readonly Refusal[] | undefined;

  rejected(kind: string, message: string): void {
    this.byKind.set(kind, message);
  }

  acknowledged(kind: string): void {
    this.byKind.delete(kind);
  }

  /** The peer named all it refuses. */
  told(refused: readonly Refusal[]): void {
    this.byName = refused;
  }

  list(): readonly Refusal[] {
    return this.byName ?? [...this.byKind].map(([kind, reason]) => ({ kind, name: '', reason }));
  }
}
