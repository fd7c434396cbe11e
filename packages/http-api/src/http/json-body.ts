/** Deepest nesting of a document; those of users have about twenty levels. */
export const JSON_DEPTH_MAX = 200;
/** Most elements of one list, or members of one object. */
export const JSON_ELEMENTS_MAX = 10_000;
/** Most values of a whole document. */
const JSON_VALUES_MAX = 200_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Parses a JSON body. Throws SyntaxError with a message for the user. Nesting and elements are
 * counted first: the parser itself takes seconds for megabytes of brackets, and rules are applied to each element.
 */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) throw new SyntaxError('unexpected end of JSON input');
  checkSize(body);
  return JSON.parse(decode(body)) as unknown;
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new SyntaxError('the text is not UTF-8');
  }
}

function checkSize(body: Uint8Array): void {
  const size = new DocumentSize();
  let inText = false;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] ?? 0;
    if (inText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === COMMA) size.next();
    else if (OPENING.has(byte)) size.open();
    else if (CLOSING.has(byte)) size.close();
  }
}

/** Counts what a document holds; throws SyntaxError where it is too much. */
class DocumentSize {
  private depth = 0;
  private values = 0;
  /** Elements of the list or object that is open at each level. */
  private readonly elements = new Uint32Array(JSON_DEPTH_MAX + 1);

  open(): void {
    if (++this.depth > JSON_DEPTH_MAX) throw new SyntaxError(`nested deeper than ${JSON_DEPTH_MAX} levels`);
    this.elements[this.depth] = 1;
  }

  close(): void {
    if (this.depth > 0) this.depth--;
  }

  /** A comma: one more element. */
  next(): void {
    const elements = (this.elements[this.depth] ?? 0) + 1;
    this.elements[this.depth] = elements;
    if (elements > JSON_ELEMENTS_MAX) throw new SyntaxError(`more than ${JSON_ELEMENTS_MAX} elements in one list or object`);
    if (++this.values > JSON_VALUES_MAX) throw new SyntaxError(`more than ${JSON_VALUES_MAX} values`);
  }
}
