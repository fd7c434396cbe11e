import { z } from 'zod';

/** Shape of the spec of a MeshOpenTelemetryBackend. */
export const meshOpenTelemetryBackendSchema = z.object({
  /** Where the collector listens. */
  endpoint: z
    .object({
      /** IP address or host name. */
      address: z.string().optional(),
      /** 4317 where left out. */
      port: z.int().optional(),
      /** Before the paths of the signals; with `http` only. */
      path: z.string().optional(),
    })
    .optional(),
  /** grpc where left out. */
  protocol: z.enum(['grpc', 'http']).optional(),
  /** What the environment of a proxy has to say (`OTEL_EXPORTER_OTLP_*`). */
  env: z
    .object({
      mode: z.enum(['Disabled', 'Optional', 'Required']).default('Optional'),
      /** Who wins where both are set. */
      precedence: z.enum(['ExplicitFirst', 'EnvFirst']).default('EnvFirst'),
      /** Whether each signal may have an endpoint of its own; yes where left out. */
      allowSignalOverrides: z.boolean().optional(),
    })
    .optional(),
});

export type MeshOpenTelemetryBackendSpec = z.infer<typeof meshOpenTelemetryBackendSchema>;
