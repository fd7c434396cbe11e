import { AnswerCache } from './answer-cache.js';
import { buildChain } from './chain/chain.js';
import type { Step } from './chain/step.js';
import { type Response, respond } from './respond.js';
import type { NameTable } from './table.js';
import { HEADER_BYTES, readPlainQuery } from './wire.js';

export type Transport = 'udp' | 'tcp';

/** Distinct questions whose answers are kept, of each variant of EDNS and flags. */
const CACHE_ENTRIES_MAX = 20_000;

export interface ResolverOptions {
  /** Seconds clients may keep an answer. */
  readonly ttlSeconds: number;
  readonly initialTable: NameTable;
  /** Whether answers are kept as bytes and given again without decoding the query; default true. */
  readonly cache?: boolean;
}

/**
 * Turns the bytes of a query into the bytes of an answer. Pure but for its table, which may be
 * replaced at any time; any input at all gives an answer or undefined (no answer), never a throw.
 */
export class Resolver {
  private table: NameTable;
  private readonly chain: readonly Step[];
  private readonly cache: AnswerCache | undefined;

  constructor(options: ResolverOptions) {
    this.table = options.initialTable;
    this.chain = buildChain({ table: () => this.table, ttlSeconds: options.ttlSeconds });
    this.cache = options.cache === false ? undefined : new AnswerCache(CACHE_ENTRIES_MAX);
  }

  /** Puts a new table in force for all later queries. */
  replaceTable(table: NameTable): void {
    this.table = table;
    this.cache?.clear();
  }

  get names(): NameTable {
    return this.table;
  }

  /** @returns the answer, or undefined for what must not be answered (responses, fragments of a header). */
  resolve(bytes: Buffer, transport: Transport): Buffer | undefined {
    if (bytes.length < HEADER_BYTES || (bytes[2] as number) & 0x80) return undefined;
    const plain = this.cache && readPlainQuery(bytes);
    if (!this.cache || !plain) {
      const response = respond(this.chain, bytes);
      return fitting(response, transport, response.udpBytesMax);
    }
    const kept = fitting(
      this.cache.get(bytes, plain, () => respond(this.chain, bytes)),
      transport,
      plain.udpBytesMax,
    );
    // A copy: the socket may hold it until it is sent, and the next client has another id.
    const answer = Buffer.allocUnsafe(kept.length);
    answer.set(kept);
    answer[0] = bytes[0] as number;
    answer[1] = bytes[1] as number;
    return answer;
  }
}

function fitting({ whole, short }: Response, transport: Transport, udpBytesMax: number): Buffer {
  return whole.length <= (transport === 'tcp' ? 65_535 : udpBytesMax) ? whole : short;
}
