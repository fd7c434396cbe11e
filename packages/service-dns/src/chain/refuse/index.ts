import { RCODE, type Step } from '../step.js';

/** The end of the chain: names of other zones are refused; a client's resolver asks another server then. */
export const refuseStep: Step = {
  name: 'refuse',
  handle: () => ({ rcode: RCODE.REFUSED, authoritative: false }),
};
