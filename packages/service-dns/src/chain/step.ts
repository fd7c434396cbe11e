import type { DecodedPacket, Packet } from 'dns-packet';

/** A query on its way through the chain. */
export interface Query {
  readonly packet: DecodedPacket;
  /** RFC 1035 §4.1.1: 0 is QUERY. */
  readonly opcode: number;
  /** The question's name in lower case; '' for the root. */
  readonly name: string;
  readonly type: string;
  readonly class: string;
}

/** An answer before EDNS, flags and truncation are added. `drop`: no answer at all. */
export type Answer = Pick<Packet, 'answers' | 'authorities'> & { readonly rcode: number; readonly authoritative: boolean };

/** RFC 1035 §4.1.1, RFC 6891. */
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;

/**
 * One step of the resolver: answers, or passes the query on by returning undefined. A step is a
 * folder below `chain/`; its place in the list of `chain.ts` is its order.
 */
export interface Step {
  readonly name: string;
  handle(query: Query): Answer | undefined;
}
