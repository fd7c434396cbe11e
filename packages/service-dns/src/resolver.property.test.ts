import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Resolver, type Transport } from './resolver.js';
import { NameTable } from './table.js';

const NAMES = ['backend.mesh', 'many.mesh', 'six.mesh', 'deep.er.mesh', 'mesh', 'er.mesh', 'nope.mesh', 'example.org', '.'];

function table(serial: number): NameTable {
  return new NameTable(
    ['mesh'],
    [
      { hostname: 'backend.mesh', addresses: [`240.0.0.${serial}`] },
      { hostname: 'many.mesh', addresses: Array.from({ length: 30 }, (_, i) => `240.0.1.${i + serial}`) },
      { hostname: 'six.mesh', addresses: ['fd00::1', '240.0.0.6'] },
      { hostname: 'deep.er.mesh', addresses: ['240.0.0.7'] },
    ],
    serial,
  );
}

/** A question with random case. */
const question = fc.record({
  name: fc.constantFrom(...NAMES),
  upper: fc.bigInt({ min: 0n, max: (1n << 20n) - 1n }),
  type: fc.constantFrom('A', 'AAAA', 'SOA', 'NS', 'TXT', 'HTTPS', 'ANY', 'AXFR'),
});

/** What clients send around a question: ids, flags, EDNS sizes and options. */
const surroundings = fc.record({
  id: fc.nat(65_535),
  flags: fc.oneof(fc.constant(256), fc.constant(0), fc.nat(0x7fff)),
  edns: fc.option(
    fc.record({
      udpPayloadSize: fc.constantFrom(0, 100, 512, 513, 700, 1232, 4096, 65_535),
      ednsVersion: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
      flags: fc.constantFrom(0, 0x8000),
      options: fc.array(
        fc.record({ code: fc.constantFrom(3, 8, 10, 11, 12, 14, 9000), data: fc.uint8Array({ maxLength: 12 }).map((d) => Buffer.from(d)) }),
        { maxLength: 2 },
      ),
    }),
  ),
});

type Valued<T> = T extends fc.Arbitrary<infer V> ? V : never;

function encode({ name, upper, type }: Valued<typeof question>, { id, flags, edns }: Valued<typeof surroundings>): Buffer {
  const cased = [...name].map((letter, i) => ((upper >> BigInt(i)) & 1n ? letter.toUpperCase() : letter)).join('');
  const bytes = dnsPacket.encode({ type: 'query', id, flags, questions: [{ name: cased, type: type as 'A' }] });
  if (!edns) return bytes;
  bytes.writeUInt16BE(1, 10);
  return Buffer.concat([bytes, optRecord(edns)]);
}

/** The bytes of an OPT record; options come as they are, right or wrong. */
function optRecord(edns: {
  udpPayloadSize: number;
  ednsVersion: number;
  flags: number;
  options: readonly { code: number; data: Buffer }[];
}): Buffer {
  const options = Buffer.concat(edns.options.flatMap(({ code, data }) => [Buffer.from([code >> 8, code & 255, 0, data.length]), data]));
  const fixed = Buffer.alloc(11);
  fixed.writeUInt16BE(41, 1);
  fixed.writeUInt16BE(edns.udpPayloadSize, 3);
  fixed.writeUInt8(edns.ednsVersion, 6);
  fixed.writeUInt16BE(edns.flags, 7);
  fixed.writeUInt16BE(options.length, 9);
  return Buffer.concat([fixed, options]);
}

/** Bytes changed, cut off, or added. */
const damage = fc.tuple(fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }), fc.nat(100), fc.uint8Array({ maxLength: 8 }));

function damaged(bytes: Buffer, [edits, cut, more]: Valued<typeof damage>): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, value] of edits) if (at < copy.length) copy[at] = value;
  return Buffer.concat([copy.subarray(0, cut < 20 ? copy.length - cut : copy.length), more]);
}

/** Packets about one question, so that what is kept of one is there when the next comes. */
const packetsOfOneQuestion = question.chain((asked) =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: surroundings.map((around) => encode(asked, around)) },
      { weight: 3, arbitrary: fc.tuple(surroundings, damage).map(([around, how]) => damaged(encode(asked, around), how)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 600 }).map((a) => Buffer.from(a)) },
    ),
    { minLength: 1, maxLength: 30 },
  ),
);

describe('the fast path of the resolver', () => {
  it('answers any sequence of packets byte for byte as the slow path does, over changes of the table too', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.tuple(packetsOfOneQuestion, fc.constantFrom<Transport>('udp', 'tcp')) },
      { weight: 1, arbitrary: fc.integer({ min: 2, max: 200 }) },
    );
    fc.assert(
      fc.property(packetsOfOneQuestion, fc.array(step, { maxLength: 6 }), (always, steps) => {
        const fast = new Resolver({ ttlSeconds: 30, initialTable: table(1) });
        const slow = new Resolver({ ttlSeconds: 30, initialTable: table(1), cache: false });
        const both = [fast, slow];
        const expectSame = (bytes: Buffer, transport: Transport) =>
          expect(fast.resolve(bytes, transport)?.toString('hex')).toEqual(slow.resolve(bytes, transport)?.toString('hex'));
        for (const next of steps) {
          if (typeof next === 'number') both.forEach((resolver) => void resolver.replaceTable(table(next)));
          else next[0].forEach((bytes) => void expectSame(bytes, next[1]));
          always.forEach((bytes) => void expectSame(bytes, 'udp'));
          always.forEach((bytes) => void expectSame(bytes, 'tcp'));
        }
      }),
      { numRuns: 400 },
    );
  });

  it('repeats the question of any query it can read bit for bit', () => {
    const resolver = new Resolver({ ttlSeconds: 30, initialTable: table(1) });
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 4 }), fc.nat(65_535), (labels, type) => {
        const name = Buffer.concat([...labels.map((label) => Buffer.from([label.length, ...label])), Buffer.from([0])]);
        const question = Buffer.concat([name, Buffer.from([type >> 8, type & 255, 0, 1])]);
        const answer = resolver.resolve(Buffer.concat([Buffer.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), question]), 'tcp');
        expect(answer?.subarray(12, 12 + question.length)).toEqual(question);
      }),
      { numRuns: 500 },
    );
  });
});
