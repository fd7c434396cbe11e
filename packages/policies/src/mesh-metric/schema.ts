import { z } from 'zod';
import { goDuration } from '../sdk/fields.js';
import { otelTarget } from '../sdk/otel.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const selector = z.object({ type: z.enum(['Prefix', 'Regex', 'Exact', 'Contains']), match: z.string() });

const sidecarSchema = z.object({
  /** Which metrics of Envoy are published. */
  profiles: z
    .object({
      appendProfiles: z.array(z.object({ name: z.enum(['All', 'Basic', 'None']) })).optional(),
      exclude: z.array(selector).optional(),
      /** Stronger than `exclude`. */
      include: z.array(selector).optional(),
    })
    .optional(),
  /** Publishes metrics that were never written too; false by default. */
  includeUnused: z.boolean().optional(),
});

const applicationSchema = z.object({
  name: z.string().optional(),
  path: z.string().default('/metrics'),
  /** Where the application listens; the address of the inbound by default. */
  address: z.string().optional(),
  port: z.int(),
});

const backendSchema = z.object({
  type: z.enum(['Prometheus', 'OpenTelemetry']),
  prometheus: z
    .object({
      /** Only this Prometheus finds the proxies. */
      clientId: z.string().optional(),
      port: z.int().default(5670),
      path: z.string().default('/metrics'),
      tls: z.object({ mode: z.enum(['Disabled', 'ProvidedTLS', 'ActiveMTLSBackend']).default('Disabled') }).optional(),
    })
    .optional(),
  openTelemetry: z
    .object({
      ...otelTarget,
      /** Between two pushes; 1m by default. */
      refreshInterval: goDuration.optional(),
    })
    .optional(),
});

const confSchema = z.object({
  sidecar: sidecarSchema.optional(),
  /** Metrics of the application, scraped by the sidecar. */
  applications: z.array(applicationSchema).optional(),
  backends: z.array(backendSchema).optional(),
});

/** Shape of the spec of a MeshMetric. */
export const meshMetricSchema = z.object({
  /** Proxies it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  default: confSchema.optional(),
});

export type MeshMetricSpec = z.infer<typeof meshMetricSchema>;
export type MetricConf = z.infer<typeof confSchema>;
