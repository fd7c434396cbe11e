import { z } from 'zod';
import { targetRefSchema } from '../sdk/target-ref.js';

const matchSchema = z.object({
  type: z.enum(['Domain', 'IP', 'CIDR']),
  /** What the application connects to; a domain may begin with `*.`. */
  value: z.string(),
  /** All ports where left out. */
  port: z.int().optional(),
  protocol: z.enum(['tcp', 'tls', 'grpc', 'http', 'http2', 'mysql']).default('tcp'),
});

const confSchema = z.object({
  /** All and None pass everything or nothing; Matched, the default, what `appendMatch` lists. */
  passthroughMode: z.enum(['All', 'Matched', 'None']).optional(),
  appendMatch: z.array(matchSchema).optional(),
});

/** Shape of the spec of a MeshPassthrough. */
export const meshPassthroughSchema = z.object({
  /** Proxies it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  default: confSchema.optional(),
});

export type MeshPassthroughSpec = z.infer<typeof meshPassthroughSchema>;
export type PassthroughMatch = z.infer<typeof matchSchema>;
