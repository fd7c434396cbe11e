import { z } from 'zod';
import { matchSchema } from '../sdk/inbound-rules.js';
import { otelTarget } from '../sdk/otel.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const keyValue = z.object({ key: z.string(), value: z.string() });

const formatSchema = z.object({
  type: z.enum(['Plain', 'Json']),
  /** A line with Envoy's command operators and `%KUMA_…%`. */
  plain: z.string().optional(),
  /** Fields of an object. */
  json: z.array(keyValue).optional(),
  /** Leaves fields without a value out. */
  omitEmptyValues: z.boolean().default(false),
});

const attribute = z.object({ key: z.string().regex(/^[a-z]([a-z0-9]|[._][a-z0-9])*$/), value: z.string() });

const backendSchema = z.object({
  type: z.enum(['Tcp', 'File', 'OpenTelemetry']),
  /** A server that takes lines, reached by kuma-dp. */
  tcp: z.object({ format: formatSchema.optional(), address: z.string().min(1) }).optional(),
  /** A file on the machine of the proxy. */
  file: z.object({ format: formatSchema.optional(), path: z.string().min(1) }).optional(),
  openTelemetry: z
    .object({
      ...otelTarget,
      attributes: z.array(attribute).optional(),
      /** Body of the log record; any JSON of an OTLP value. */
      body: z.json().optional(),
    })
    .optional(),
});

const confSchema = z.object({
  /** Where to; a stronger policy replaces the list, an empty one switches logs off. */
  backends: z.array(backendSchema).optional(),
});

const conf = confSchema.prefault({});

/** Shape of the spec of a MeshAccessLog. */
export const meshAccessLogSchema = z.object({
  /** Proxies it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For outbound traffic, by destination. */
  to: z.array(z.object({ targetRef: targetRefSchema, default: conf })).optional(),
  /** For inbound traffic; the form before `rules`. */
  from: z.array(z.object({ targetRef: targetRefSchema, default: conf })).optional(),
  /** For inbound traffic. */
  rules: z.array(z.object({ matches: z.array(matchSchema).optional(), default: conf })).optional(),
});

export type MeshAccessLogSpec = z.infer<typeof meshAccessLogSchema>;
export type AccessLogConf = z.infer<typeof confSchema>;
export type AccessLogBackend = z.infer<typeof backendSchema>;
export type AccessLogFormat = z.infer<typeof formatSchema>;
