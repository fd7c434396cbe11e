import { z } from 'zod';
import { goDuration, headerName, uint32 } from '../sdk/fields.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const backOffSchema = z.object({
  /** Before the first retry, doubled for each one after; 25ms by default. */
  baseInterval: goDuration.optional(),
  /** Longest pause; ten times the base by default. */
  maxInterval: goDuration.optional(),
});

const rateLimitedBackOffSchema = z.object({
  /** Headers of a response that say when to come back, in order of preference. */
  resetHeaders: z.array(z.object({ name: headerName, format: z.enum(['Seconds', 'UnixTimestamp']) })).optional(),
  /** Longest pause such a header may ask for; 300s by default. */
  maxInterval: goDuration.optional(),
});

const headerMatchSchema = z.object({
  type: z.enum(['Exact', 'Present', 'RegularExpression', 'Absent', 'Prefix']).default('Exact'),
  name: headerName,
  value: z.string().optional(),
});

const hostSelectionSchema = z.object({
  predicate: z.enum(['OmitPreviousHosts', 'OmitHostsWithTags', 'OmitPreviousPriorities']),
  /** Instances with these tags are left out; for OmitHostsWithTags. */
  tags: z.record(z.string(), z.string()).optional(),
  /** After how many attempts priorities are weighed anew; for OmitPreviousPriorities. */
  updateFrequency: z.int().default(2),
});

const httpSchema = z.object({
  /** Retries beside the first attempt; 0 for none. */
  numRetries: uint32.optional(),
  /** For each attempt. */
  perTryTimeout: goDuration.optional(),
  backOff: backOffSchema.optional(),
  rateLimitedBackOff: rateLimitedBackOffSchema.optional(),
  /** What is tried again: names of conditions, `HttpMethod…`, or status codes. */
  retryOn: z.array(z.string()).optional(),
  /** Responses with one of these headers are tried again. */
  retriableResponseHeaders: z.array(headerMatchSchema).optional(),
  /** Only requests with one of these headers are tried again. */
  retriableRequestHeaders: z.array(headerMatchSchema).optional(),
  /** Which instance gets the next attempt. */
  hostSelection: z.array(hostSelectionSchema).optional(),
  /** How often a better instance is looked for. */
  hostSelectionMaxAttempts: z.int().optional(),
});

const grpcSchema = z.object({
  numRetries: uint32.optional(),
  perTryTimeout: goDuration.optional(),
  backOff: backOffSchema.optional(),
  rateLimitedBackOff: rateLimitedBackOffSchema.optional(),
  /** Statuses of gRPC that are tried again. */
  retryOn: z.array(z.enum(['Canceled', 'DeadlineExceeded', 'Internal', 'ResourceExhausted', 'Unavailable'])).optional(),
});

const confSchema = z.object({
  tcp: z
    .object({
      /** Connections tried before giving up. */
      maxConnectAttempt: uint32.optional(),
    })
    .optional(),
  http: httpSchema.optional(),
  grpc: grpcSchema.optional(),
});

/** Shape of the spec of a MeshRetry. */
export const meshRetrySchema = z.object({
  /** Proxies whose outbounds it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For outbound traffic, by destination. */
  to: z.array(z.object({ targetRef: targetRefSchema, default: confSchema.prefault({}) })).optional(),
});

export type MeshRetrySpec = z.infer<typeof meshRetrySchema>;
export type RetryConf = z.infer<typeof confSchema>;
export type HttpRetry = z.infer<typeof httpSchema>;
export type GrpcRetry = z.infer<typeof grpcSchema>;
export type BackOff = z.infer<typeof backOffSchema>;
export type RateLimitedBackOff = z.infer<typeof rateLimitedBackOffSchema>;
export type RetryHeaderMatch = z.infer<typeof headerMatchSchema>;
