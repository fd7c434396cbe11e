import { z } from 'zod';
import { intOrDecimal } from '../sdk/fields.js';
import { otelTarget } from '../sdk/otel.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const backendSchema = z.object({
  type: z.enum(['Zipkin', 'Datadog', 'OpenTelemetry']),
  zipkin: z
    .object({
      /** Collector that takes spans over HTTP. */
      url: z.string(),
      traceId128bit: z.boolean().default(false),
      apiVersion: z.enum(['httpJson', 'httpProto']).default('httpJson'),
      /** Client and server share one span. */
      sharedSpanContext: z.boolean().default(true),
    })
    .optional(),
  datadog: z
    .object({
      /** Agent: `http://host:port`. */
      url: z.string(),
      /** Names inbound and outbound services apart. */
      splitService: z.boolean().default(false),
    })
    .optional(),
  openTelemetry: z.object(otelTarget).optional(),
});

const confSchema = z.object({
  /** Where spans go; an empty list switches off what a weaker policy says. */
  backends: z.array(backendSchema).max(1).optional(),
  /** Percentages of requests; 100 by default. */
  sampling: z
    .object({
      /** Bound on all traced requests. */
      overall: intOrDecimal.optional(),
      /** Of requests that ask for it by `x-client-trace-id`. */
      client: intOrDecimal.optional(),
      /** Of all others, by chance. */
      random: intOrDecimal.optional(),
    })
    .optional(),
  /** Tags of spans: a text, or the value of a request header. */
  tags: z
    .array(
      z.object({
        name: z.string(),
        literal: z.string().optional(),
        header: z.object({ name: z.string(), default: z.string().optional() }).optional(),
      }),
    )
    .optional(),
});

/** Shape of the spec of a MeshTrace. */
export const meshTraceSchema = z.object({
  /** Proxies it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  default: confSchema.optional(),
});

export type MeshTraceSpec = z.infer<typeof meshTraceSchema>;
export type TraceConf = z.infer<typeof confSchema>;
export type TraceBackend = z.infer<typeof backendSchema>;
