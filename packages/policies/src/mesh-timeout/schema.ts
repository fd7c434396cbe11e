import { z } from 'zod';
import { goDuration } from '../sdk/fields.js';
import { matchSchema } from '../sdk/inbound-rules.js';
import { targetRefSchema } from '../sdk/target-ref.js';

/** Timeouts; what is left out keeps its default. Durations are texts like "15s". */
const confSchema = z.object({
  /** To set up a TCP connection; 5s by default. */
  connectionTimeout: goDuration.optional(),
  /** Without bytes on a TCP connection, or without requests on an HTTP one; 1h by default, 0 for never. */
  idleTimeout: goDuration.optional(),
  http: z
    .object({
      /** For the whole response; 15s by default, 0 for never. */
      requestTimeout: goDuration.optional(),
      /** Without activity on a stream; 30m by default, 0 for never. */
      streamIdleTimeout: goDuration.optional(),
      /** For a stream in all; off by default. */
      maxStreamDuration: goDuration.optional(),
      /** For a connection in all; off by default. */
      maxConnectionDuration: goDuration.optional(),
      /** To receive all request headers; off by default. */
      requestHeadersTimeout: goDuration.optional(),
    })
    .optional(),
});

const targeted = z.object({ targetRef: targetRefSchema, default: confSchema });

/** Shape of the spec of a MeshTimeout. */
export const meshTimeoutSchema = z.object({
  /** Proxies it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For outbound traffic, by destination. */
  to: z.array(targeted).optional(),
  /** For inbound traffic; the form before `rules`. */
  from: z.array(targeted).optional(),
  /** For inbound traffic. */
  rules: z.array(z.object({ matches: z.array(matchSchema).optional(), default: confSchema })).optional(),
});

export type MeshTimeoutSpec = z.infer<typeof meshTimeoutSchema>;
export type TimeoutConf = z.infer<typeof confSchema>;
