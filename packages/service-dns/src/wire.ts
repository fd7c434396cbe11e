/** Length of the header of a DNS message (RFC 1035 §4.1.1). */
export const HEADER_BYTES = 12;
/** What we take over UDP with EDNS, without fragmentation (DNS flag day 2020). */
export const EDNS_UDP_BYTES = 1232;
/** What anybody takes over UDP (RFC 1035 §4.2.1). */
export const PLAIN_UDP_BYTES = 512;

const TYPE_OPT = 41;
/** Root name, type, class, TTL and length of an OPT record without options (RFC 6891 §6.1.2). */
const OPT_BYTES = 11;
/** EDNS options whose data has a form that can be wrong: client subnet, keep-alive, key tag. */
const STRUCTURED_OPTIONS = new Set([8, 11, 14]);
const NAME_BYTES_MAX = 254;

/** What of a plain query its answer depends on, besides the bytes of its question. */
export interface PlainQuery {
  /** Where the question, which begins after the header, ends. */
  readonly questionEnd: number;
  /** Recursion desired (bit 0), EDNS (bit 1), DNSSEC OK (bit 2): 0 to 7. */
  readonly variant: number;
  /** Bytes the client takes over UDP. */
  readonly udpBytesMax: number;
}

/** Number of values of `PlainQuery.variant`. */
export const VARIANTS = 8;

/**
 * Recognises what nearly every client sends: one question with an uncompressed name, and at most an
 * OPT record of EDNS version 0. Undefined for everything else, right or wrong.
 */
export function readPlainQuery(bytes: Buffer): PlainQuery | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes[2] as number;
  // A query with opcode QUERY, not truncated; one question, no answers, no authorities.
  if ((flags & 0xfe) !== 0 || bytes[4] !== 0 || bytes[5] !== 1) return undefined;
  if (bytes[6] !== 0 || bytes[7] !== 0 || bytes[8] !== 0 || bytes[9] !== 0 || bytes[10] !== 0) return undefined;
  const questionEnd = endOfQuestion(bytes);
  if (questionEnd === undefined) return undefined;
  if (bytes[11] === 0) return { questionEnd, variant: flags & 1, udpBytesMax: PLAIN_UDP_BYTES };
  if (bytes[11] !== 1 || !isPlainOpt(bytes, questionEnd)) return undefined;
  const dnssecOk = (bytes[questionEnd + 7] as number) >> 7;
  return {
    questionEnd,
    variant: (flags & 1) | 2 | (dnssecOk << 2),
    udpBytesMax: udpBytesMax(bytes.readUInt16BE(questionEnd + 3)),
  };
}

/** What an answer over UDP may have, by what the client's OPT record says it takes. */
export function udpBytesMax(announced: number): number {
  return Math.max(PLAIN_UDP_BYTES, Math.min(announced, EDNS_UDP_BYTES));
}

/** End of the only question of a message; undefined where its name is compressed, too long or cut off. */
export function endOfQuestion(bytes: Buffer): number | undefined {
  let at = HEADER_BYTES;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63) return undefined;
    at += 1 + length;
    if (length === 0) break;
    if (at - HEADER_BYTES > NAME_BYTES_MAX) return undefined;
  }
  return at + 4 <= bytes.length ? at + 4 : undefined;
}

/**
 * The name of a question that `endOfQuestion` found, in lower case, one character per byte. Dots
 * within a label come escaped, so that the name equals a name of labels only where it is that name.
 */
export function questionName(bytes: Buffer): string {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; bytes[at]; at += 1 + (bytes[at] as number)) {
    const label = bytes.toString('latin1', at + 1, at + 1 + (bytes[at] as number));
    labels.push(label.replace(/[.\\]/g, '\\$&').replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
  }
  return labels.join('.');
}

function isPlainOpt(bytes: Buffer, at: number): boolean {
  if (bytes.length < at + OPT_BYTES) return false;
  // The version is the second byte of what is the TTL of other records.
  if (bytes[at] !== 0 || bytes.readUInt16BE(at + 1) !== TYPE_OPT || bytes[at + 6] !== 0) return false;
  const end = at + OPT_BYTES + bytes.readUInt16BE(at + 9);
  if (end > bytes.length) return false;
  let option = at + OPT_BYTES;
  while (option + 4 <= end) {
    if (STRUCTURED_OPTIONS.has(bytes.readUInt16BE(option))) return false;
    option += 4 + bytes.readUInt16BE(option + 2);
  }
  return option === end;
}
