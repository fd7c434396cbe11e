/**
 * Keeps encoded parts of one proxy's configuration from build to build. A part is made anew when
 * one of the inputs it was made from is another one; inputs are compared by identity, so hand in
 * frozen values and texts.
 */
export class BuildMemory {
  private readonly parts = new Map<string, { readonly inputs: readonly unknown[]; readonly value: unknown }>();

  /** The part as it was made last, or what `make` gives now. */
  reuse<T>(part: string, inputs: readonly unknown[], make: () => T): T {
    const known = this.parts.get(part);
    if (known && known.inputs.length === inputs.length && known.inputs.every((input, i) => Object.is(input, inputs[i]))) {
      return known.value as T;
    }
    const value = make();
    this.parts.set(part, { inputs, value });
    return value;
  }
}
