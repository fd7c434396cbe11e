import { z } from 'zod';
import { goDuration, headerChanges, uint32 } from '../sdk/fields.js';
import { matchSchema } from '../sdk/inbound-rules.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const rate = z.object({
  /** How many in the interval. */
  num: uint32,
  interval: goDuration,
});

const httpSchema = z.object({
  /** Switches off what a weaker policy says. */
  disabled: z.boolean().optional(),
  requestRate: rate.optional(),
  /** What those above the rate get. */
  onRateLimit: z
    .object({
      /** 429 by default. */
      status: uint32.optional(),
      /** Headers of the response. */
      headers: headerChanges.optional(),
    })
    .optional(),
});

const tcpSchema = z.object({ disabled: z.boolean().optional(), connectionRate: rate.optional() });

const confSchema = z.object({
  /** Counted by each instance for itself. */
  local: z.object({ http: httpSchema.optional(), tcp: tcpSchema.optional() }).optional(),
});

const conf = confSchema.prefault({});

/** Shape of the spec of a MeshRateLimit. */
export const meshRateLimitSchema = z.object({
  /** Proxies it protects; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For gateways. */
  to: z.array(z.object({ targetRef: targetRefSchema, default: conf })).optional(),
  /** For inbound traffic; the form before `rules`. */
  from: z.array(z.object({ targetRef: targetRefSchema, default: conf })).optional(),
  /** For inbound traffic. */
  rules: z.array(z.object({ matches: z.array(matchSchema).optional(), default: conf })).optional(),
});

export type MeshRateLimitSpec = z.infer<typeof meshRateLimitSchema>;
export type RateLimitConf = z.infer<typeof confSchema>;
export type HttpLimit = z.infer<typeof httpSchema>;
export type TcpLimit = z.infer<typeof tcpSchema>;
