import { z } from 'zod';
import { goDuration, intOrDecimal } from '../sdk/fields.js';
import { matchSchema } from '../sdk/inbound-rules.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const faultSchema = z.object({
  /** An answer without asking the application. */
  abort: z.object({ httpStatus: z.int(), percentage: intOrDecimal }).optional(),
  /** A pause before the application is asked. */
  delay: z.object({ value: goDuration, percentage: intOrDecimal }).optional(),
  /** A bound on how fast responses come, such as `50 kbps`. */
  responseBandwidth: z.object({ limit: z.string(), percentage: intOrDecimal }).optional(),
});

const confSchema = z.object({
  /** Faults; each request can meet several. */
  http: z.array(faultSchema).optional(),
});

const conf = confSchema.prefault({});

/** Shape of the spec of a MeshFaultInjection. */
export const meshFaultInjectionSchema = z.object({
  /** Proxies whose callers get faults; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For gateways. */
  to: z.array(z.object({ targetRef: targetRefSchema, default: conf })).optional(),
  /** For callers by their tags; the form before `rules`. */
  from: z.array(z.object({ targetRef: targetRefSchema, default: conf })).optional(),
  /** For callers by their certificates. */
  rules: z.array(z.object({ matches: z.array(matchSchema).optional(), default: conf })).optional(),
});

export type MeshFaultInjectionSpec = z.infer<typeof meshFaultInjectionSchema>;
export type FaultConf = z.infer<typeof confSchema>;
export type Fault = z.infer<typeof faultSchema>;
