const WORDS = 4;
const HEX_PER_WORD = 8;

/**
 * What a set of resources amounts to: the exclusive or of their versions, which are hashes over content and
 * name. Equal sets give equal texts, in whatever order they came to be; a change costs the same in any set.
 */
export class SetDigest {
  private readonly words = new Int32Array(WORDS);
  private count = 0;

  /** @param version hexadecimal, 32 digits or more; any other text counts with its length alone. */
  add(version: string): void {
    this.count++;
    this.mix(version);
  }

  /** Takes back what `add` did. */
  remove(version: string): void {
    this.count--;
    this.mix(version);
  }

  /** The number of resources and the mixed bits. */
  get text(): string {
    return `${this.count}-${[...this.words].map((word) => (word >>> 0).toString(16).padStart(HEX_PER_WORD, '0')).join('')}`;
  }

  private mix(version: string): void {
    for (let i = 0; i < WORDS; i++) {
      const word = Number.parseInt(version.slice(i * HEX_PER_WORD, (i + 1) * HEX_PER_WORD), 16);
      this.words[i] = (this.words[i] ?? 0) ^ (Number.isNaN(word) ? version.length : word);
    }
  }
}
