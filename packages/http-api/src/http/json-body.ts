/** Deepest nesting of a document; those of users have about twenty levels. */
export const JSON_DEPTH_MAX = 200;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Parses a JSON body. Throws SyntaxError with a message for the user. Nesting is counted first:
 * the parser itself takes seconds for megabytes of brackets.
 */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) throw new SyntaxError('unexpected end of JSON input');
  if (isNestedDeeperThan(body, JSON_DEPTH_MAX)) throw new SyntaxError(`nested deeper than ${JSON_DEPTH_MAX} levels`);
  return JSON.parse(decode(body)) as unknown;
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new SyntaxError('the text is not UTF-8');
  }
}

function isNestedDeeperThan(body: Uint8Array, max: number): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] ?? 0;
    if (inText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (OPENING.has(byte)) {
      if (++depth > max) return true;
    } else if (CLOSING.has(byte)) depth--;
  }
  return false;
}
