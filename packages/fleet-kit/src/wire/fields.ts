/** A field of a message: nested messages, texts and bytes as a view into the message, numbers as they are. */
export type Visit = (field: number, value: Buffer | number) => void;

/**
 * Walks the fields of a protobuf message without building objects for it
 * (https://protobuf.dev/programming-guides/encoding/). Varints beyond 2^53 lose precision; fixed-width fields are skipped.
 * @throws RangeError where the bytes are no message.
 */
export function eachField(bytes: Buffer, visit: Visit): void {
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const key = varint(bytes, cursor);
    const field = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        visit(field, varint(bytes, cursor));
        break;
      case 1:
        skip(bytes, cursor, 8);
        break;
      case 2: {
        const length = varint(bytes, cursor);
        const start = cursor.at;
        skip(bytes, cursor, length);
        visit(field, bytes.subarray(start, cursor.at));
        break;
      }
      case 5:
        skip(bytes, cursor, 4);
        break;
      default:
        throw new RangeError(`wire type ${key % 8} at byte ${cursor.at}`);
    }
  }
}

/** Calls `visit` with every nested message (or text) of one field. */
export function eachOf(bytes: Buffer, wanted: number, visit: (value: Buffer) => void): void {
  eachField(bytes, (field, value) => {
    if (field === wanted && typeof value !== 'number') visit(value);
  });
}

/** The last text of a field, as protobuf reads it; empty where there is none. */
export function textOf(bytes: Buffer, wanted: number): string {
  let text = '';
  eachOf(bytes, wanted, (value) => {
    text = value.toString('utf8');
  });
  return text;
}

function skip(bytes: Buffer, cursor: { at: number }, length: number): void {
  cursor.at += length;
  if (cursor.at > bytes.length) throw new RangeError(`a field ends ${cursor.at - bytes.length} bytes after the message`);
}

function varint(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  let factor = 1;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw new RangeError('a number has no end');
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
  throw new RangeError('a number of more than ten bytes');
}
