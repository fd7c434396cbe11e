import { isIPv6 } from 'node:net';

/** Tags of ASN.1 types, as DER writes them (ITU-T X.690). */
const TAG = { boolean: 0x01, bitString: 0x03, octetString: 0x04, oid: 0x06, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30 } as const;

/** A value with its tag and length. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const head = size < 0x80 ? [tag, size] : size < 0x100 ? [tag, 0x81, size] : [tag, 0x82, size >> 8, size & 0xff];
  if (size > 0xffff) throw new RangeError(`a certificate part of ${size} bytes`);
  return Buffer.concat([Buffer.from(head), ...parts]);
}

/** SEQUENCE */
export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(TAG.sequence, ...parts);
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(TAG.oid, Buffer.from(bytes));
}

/** BIT STRING of whole bytes. */
export function bitString(content: Uint8Array): Buffer {
  return tlv(TAG.bitString, Buffer.from([0]), content);
}

/** Named bits, bit 0 first, trailing zeros left out (RFC 5280 §4.2.1.3); up to eight of them. */
export function namedBits(flags: number): Buffer {
  let byte = 0;
  let last = 0;
  for (let bit = 0; bit < 8; bit++) {
    if ((flags & (1 << bit)) === 0) continue;
    byte |= 0x80 >> bit;
    last = bit;
  }
  return tlv(TAG.bitString, Buffer.from(byte === 0 ? [0] : [7 - last, byte]));
}

/** Time of a certificate: UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050
    ? tlv(TAG.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : tlv(TAG.generalizedTime, Buffer.from(digits, 'latin1'));
}

/** Extension: its OID and its DER value. */
export function extension(dotted: string, options: { readonly critical: boolean; readonly value: Uint8Array }): Buffer {
  const critical = options.critical ? [tlv(TAG.boolean, Buffer.from([0xff]))] : [];
  return sequence(oid(dotted), ...critical, tlv(TAG.octetString, options.value));
}

/** The bytes of an IP address in text. */
export function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const plain = (address.split('%')[0] ?? '').replace(/[\d.]+\.[\d.]+$/, (dotted) => {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groupsOf = (text: string) => (text === '' ? [] : text.split(':'));
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Buffer.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
}
