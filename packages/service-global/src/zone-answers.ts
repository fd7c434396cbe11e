/** What a zone has said to the resources it was sent. */
export class ZoneAnswers {
  /** By kind: revision of the newest response, and of the one before. */
  private readonly responses = new Map<string, { readonly revision: number; readonly before: number }>();
  private readonly refused = new Map<string, { readonly since: number; readonly message: string }>();
  /** Told of each answer. */
  onAnswer: () => void = () => {};

  /** @param revision of the state that is sent. */
  constructor(private readonly revision: () => number) {}

  sent(kind: string): void {
    this.responses.set(kind, { revision: this.revision(), before: this.responses.get(kind)?.revision ?? -1 });
  }

  acknowledged(kind: string): void {
    this.refused.delete(kind);
    this.onAnswer();
  }

  rejected(kind: string, message: string): void {
    const since = this.refused.get(kind)?.since ?? this.responses.get(kind)?.before ?? -1;
    this.refused.set(kind, { since, message });
    this.onAnswer();
  }

  /** What the zone has refused of everything up to a revision, and has not taken since. */
  refusalsUpTo(revision: number): { readonly kind: string; readonly message: string }[] {
    return [...this.refused].filter(([, { since }]) => since < revision).map(([kind, { message }]) => ({ kind, message }));
  }
}
