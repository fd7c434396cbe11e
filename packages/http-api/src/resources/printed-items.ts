/** Longer items are printed anew each time: they are rare, and would fill the memory. */
const TEXT_CHARACTERS_MAX = 64 * 1024;

interface Printed {
  /** What the text was made of besides the key. */
  readonly with: unknown;
  readonly text: string;
}

/**
 * Items as they stand in lists, printed once for as long as what they are made of lives: resources
 * never change, a new version is another object.
 */
export class PrintedItems<T extends object> {
  private readonly texts = new WeakMap<T, Printed>();

  /** @param companion what an item shows besides itself: its insight. */
  constructor(
    private readonly print: (item: T) => unknown,
    private readonly companion: (item: T) => unknown = () => undefined,
  ) {}

  /** The JSON of an item, indented as an element of `items`. */
  readonly textOf = (item: T): string => {
    const companion = this.companion(item);
    const known = this.texts.get(item);
    if (known && known.with === companion) return known.text;
    const text = printItem(this.print(item));
    if (text.length <= TEXT_CHARACTERS_MAX) this.texts.set(item, { with: companion, text });
    return text;
  };
}

/** Two levels down, one space each: no text of JSON has a newline of its own. */
function printItem(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll('\n', '\n  ');
}
