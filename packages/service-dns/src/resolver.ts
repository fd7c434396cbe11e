import dnsPacket, { type DecodedPacket, type OptAnswer } from 'dns-packet';
import { buildChain, runChain } from './chain/chain.js';
import { type Answer, type Query, RCODE, type Step } from './chain/step.js';
import type { NameTable } from './table.js';

export type Transport = 'udp' | 'tcp';

/** Answers kept as bytes; a question beyond this many distinct ones empties the cache. */
const CACHE_ENTRIES_MAX = 20_000;
/** What we take over UDP with EDNS, without fragmentation (DNS flag day 2020). */
const EDNS_UDP_BYTES = 1232;
const PLAIN_UDP_BYTES = 512;
const HEADER_BYTES = 12;

export interface ResolverOptions {
  /** Seconds clients may keep an answer. */
  readonly ttlSeconds: number;
  readonly initialTable: NameTable;
}

/**
 * Turns the bytes of a query into the bytes of an answer. Pure but for its table, which may be
 * replaced at any time; any input at all gives an answer or undefined (no answer), never a throw.
 */
export class Resolver {
  private table: NameTable;
  private readonly chain: readonly Step[];
  private readonly cache = new Map<string, Buffer>();

  constructor(options: ResolverOptions) {
    this.table = options.initialTable;
    this.chain = buildChain({ table: () => this.table, ttlSeconds: options.ttlSeconds });
  }

  /** Puts a new table in force for all later queries. */
  replaceTable(table: NameTable): void {
    this.table = table;
    this.cache.clear();
  }

  get names(): NameTable {
    return this.table;
  }

  /** @returns the answer, or undefined for what must not be answered (responses, fragments of a header). */
  resolve(bytes: Buffer, transport: Transport): Buffer | undefined {
    if (bytes.length < HEADER_BYTES || (bytes[2] ?? 0) & 0x80) return undefined;
    const key = `${transport}${bytes.toString('latin1', 2)}`;
    const cached = this.cache.get(key);
    if (cached) {
      const answer = Buffer.from(cached);
      bytes.copy(answer, 0, 0, 2);
      return answer;
    }
    const answer = this.compute(bytes, transport);
    if (this.cache.size >= CACHE_ENTRIES_MAX) this.cache.clear();
    if (bytes.length <= 512) this.cache.set(key, Buffer.from(answer));
    return answer;
  }

  private compute(bytes: Buffer, transport: Transport): Buffer {
    const packet = tryDecode(bytes);
    const question = packet?.questions?.[0];
    if (!packet || !question || packet.questions?.length !== 1) return formatError(bytes);
    const opt = packet.additionals?.find((record): record is OptAnswer => record.type === 'OPT');
    const query: Query = {
      packet,
      opcode: opcodeOf(packet),
      name: question.name.toLowerCase().replace(/\.$/, ''),
      type: question.type,
      class: question.class ?? 'IN',
    };
    const answer: Answer = opt && opt.ednsVersion !== 0 ? { rcode: RCODE.BADVERS, authoritative: false } : runChain(this.chain, query);
    return encodeAnswer({ packet, answer, opt, transport });
  }
}

function tryDecode(bytes: Buffer): DecodedPacket | undefined {
  try {
    return dnsPacket.decode(bytes);
  } catch {
    return undefined;
  }
}

function encodeAnswer({
  packet,
  answer,
  opt,
  transport,
}: {
  packet: DecodedPacket;
  answer: Answer;
  opt: OptAnswer | undefined;
  transport: Transport;
}): Buffer {
  const flags =
    (answer.authoritative ? dnsPacket.AUTHORITATIVE_ANSWER : 0) |
    ((packet.flags ?? 0) & dnsPacket.RECURSION_DESIRED) |
    (answer.rcode & 0xf);
  const base = {
    type: 'response' as const,
    id: packet.id ?? 0,
    flags,
    questions: packet.questions ?? [],
    additionals: opt ? [optRecord(answer.rcode >> 4)] : [],
  };
  const whole = withOpcode(dnsPacket.encode({ ...base, answers: answer.answers ?? [], authorities: answer.authorities ?? [] }), packet);
  const limit =
    transport === 'tcp' ? 65_535 : opt ? Math.max(PLAIN_UDP_BYTES, Math.min(opt.udpPayloadSize, EDNS_UDP_BYTES)) : PLAIN_UDP_BYTES;
  if (whole.length <= limit) return whole;
  return withOpcode(dnsPacket.encode({ ...base, flags: flags | dnsPacket.TRUNCATED_RESPONSE }), packet);
}

/** dns-packet writes opcode QUERY always; an answer must repeat the query's. */
function withOpcode(bytes: Buffer, packet: DecodedPacket): Buffer {
  bytes.writeUInt8(((bytes[2] ?? 0) & 0x87) | (opcodeOf(packet) << 3), 2);
  return bytes;
}

function opcodeOf(packet: DecodedPacket): number {
  return ((packet.flags ?? 0) >> 11) & 0xf;
}

function optRecord(extendedRcode: number): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: EDNS_UDP_BYTES,
    extendedRcode,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  } as unknown as OptAnswer;
}

/** FORMERR with nothing but the header: the question could not be read. */
function formatError(bytes: Buffer): Buffer {
  const answer = Buffer.alloc(HEADER_BYTES);
  bytes.copy(answer, 0, 0, 4);
  answer.writeUInt8(((bytes[2] ?? 0) & 0x79) | 0x80, 2);
  answer.writeUInt8(RCODE.FORMERR, 3);
  return answer;
}
