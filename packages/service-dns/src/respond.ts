import dnsPacket, { type DecodedPacket, type OptAnswer } from 'dns-packet';
import { runChain } from './chain/chain.js';
import { type Answer, RCODE, type Step } from './chain/step.js';
import { EDNS_UDP_BYTES, endOfQuestion, HEADER_BYTES, PLAIN_UDP_BYTES, questionName, udpBytesMax } from './wire.js';

/** An answer in full and for clients that do not take so much, both with the id of the query. */
export interface Response {
  readonly whole: Buffer;
  /** Truncated: no records, and the flag that sends the client to TCP (RFC 2181 §9). */
  readonly short: Buffer;
  /** Bytes the client takes over UDP. */
  readonly udpBytesMax: number;
}

/** Decodes any query that has a header, runs it through the chain and encodes the answer. */
export function respond(chain: readonly Step[], bytes: Buffer): Response {
  const packet = tryDecode(bytes);
  const question = packet?.questions?.[0];
  const questionEnd = endOfQuestion(bytes);
  if (!packet || !question || packet.questions?.length !== 1 || questionEnd === undefined) {
    const error = formatError(bytes);
    return { whole: error, short: error, udpBytesMax: PLAIN_UDP_BYTES };
  }
  const opt = packet.additionals?.find((record): record is OptAnswer => record.type === 'OPT');
  const answer: Answer =
    opt && opt.ednsVersion !== 0
      ? { rcode: RCODE.BADVERS, authoritative: false }
      : runChain(chain, {
          packet,
          opcode: opcodeOf(packet),
          name: questionName(bytes),
          type: question.type,
          class: question.class ?? 'IN',
        });
  const exchange: Exchange = { packet, opt, question: bytes.subarray(HEADER_BYTES, questionEnd) };
  return {
    whole: encodeAnswer(exchange, answer, 0),
    short: encodeAnswer(exchange, { rcode: answer.rcode, authoritative: answer.authoritative }, dnsPacket.TRUNCATED_RESPONSE),
    udpBytesMax: opt ? udpBytesMax(opt.udpPayloadSize) : PLAIN_UDP_BYTES,
  };
}

interface Exchange {
  readonly packet: DecodedPacket;
  readonly opt: OptAnswer | undefined;
  /** As it was asked: clients compare every bit of it. */
  readonly question: Buffer;
}

function encodeAnswer({ packet, opt, question }: Exchange, answer: Answer, extraFlags: number): Buffer {
  const recursionDesired = (packet.flags ?? 0) & dnsPacket.RECURSION_DESIRED;
  const records = dnsPacket.encode({
    type: 'response',
    id: packet.id ?? 0,
    flags: (answer.authoritative ? dnsPacket.AUTHORITATIVE_ANSWER : 0) | recursionDesired | extraFlags | (answer.rcode & 0xf),
    answers: answer.answers ?? [],
    authorities: answer.authorities ?? [],
    additionals: opt ? [optRecord(answer.rcode >> 4, opt.flag_do)] : [],
  });
  const bytes = Buffer.concat([records.subarray(0, HEADER_BYTES), question, records.subarray(HEADER_BYTES)]);
  // dns-packet writes opcode QUERY always; an answer must repeat the query's.
  bytes.writeUInt8(((bytes[2] ?? 0) & 0x87) | (opcodeOf(packet) << 3), 2);
  bytes.writeUInt16BE(1, 4);
  return bytes;
}

function tryDecode(bytes: Buffer): DecodedPacket | undefined {
  try {
    return dnsPacket.decode(bytes);
  } catch {
    return undefined;
  }
}

function opcodeOf(packet: DecodedPacket): number {
  return ((packet.flags ?? 0) >> 11) & 0xf;
}

/** @param dnssecOk as the query had it (RFC 3225 §3). */
function optRecord(extendedRcode: number, dnssecOk: boolean): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: EDNS_UDP_BYTES,
    extendedRcode,
    ednsVersion: 0,
    flags: dnssecOk ? dnsPacket.DNSSEC_OK : 0,
    flag_do: dnssecOk,
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
