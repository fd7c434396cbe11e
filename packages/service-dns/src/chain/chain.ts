import type { NameTable } from '../table.js';
import { authorityStep } from './authority/index.js';
import { malformedStep } from './malformed/index.js';
import { refuseStep } from './refuse/index.js';
import type { Answer, Query, Step } from './step.js';

/** The steps in the order a query meets them. */
export function buildChain(options: { table: () => NameTable; ttlSeconds: number }): readonly Step[] {
  return [malformedStep, authorityStep(options.table, options.ttlSeconds), refuseStep];
}

/** Runs a query through the steps; the last one always answers. */
export function runChain(chain: readonly Step[], query: Query): Answer {
  for (const step of chain) {
    const answer = step.handle(query);
    if (answer) return answer;
  }
  throw new Error('the last step of the chain must answer');
}
