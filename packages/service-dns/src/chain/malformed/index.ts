import { type Answer, type Query, RCODE, type Step } from '../step.js';

/** Refuses what is no plain query: other opcodes (NOTIMP) and classes other than IN. */
export const malformedStep: Step = {
  name: 'malformed',
  handle(query: Query): Answer | undefined {
    if (query.opcode !== 0) return { rcode: RCODE.NOTIMP, authoritative: false };
    if (query.class !== 'IN' && query.class !== 'ANY') return { rcode: RCODE.REFUSED, authoritative: false };
    if (query.type === 'AXFR' || query.type === 'IXFR') return { rcode: RCODE.REFUSED, authoritative: false };
    return undefined;
  },
};
