import type { Response } from './respond.js';
import { HEADER_BYTES, type PlainQuery, VARIANTS } from './wire.js';

/** Answers as bytes by the bytes of the question, case included. Holds so many at most; the oldest goes first. */
export class AnswerCache {
  private readonly byVariant = Array.from({ length: VARIANTS }, () => new Map<string, Response>());

  /** @param entriesMax of each variant of EDNS and flags. */
  constructor(private readonly entriesMax: number) {}

  /** What is kept for a query; else what `compute` makes, which is kept from now on. */
  get(bytes: Buffer, query: PlainQuery, compute: () => Response): Response {
    const answers = this.byVariant[query.variant] as Map<string, Response>;
    const key = bytes.toString('latin1', HEADER_BYTES, query.questionEnd);
    const known = answers.get(key);
    if (known) return known;
    const response = compute();
    if (answers.size >= this.entriesMax) answers.delete(answers.keys().next().value as string);
    answers.set(key, response);
    return response;
  }

  /** Forgets everything. */
  clear(): void {
    for (const answers of this.byVariant) answers.clear();
  }
}
