import { z } from 'zod';
import { goDuration, headerChanges, intOrDecimal } from '../sdk/fields.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const int32 = z.int().min(-0x8000_0000).max(0x7fff_ffff);

const tcpSchema = z.object({
  /** Switches off what a weaker policy says. */
  disabled: z.boolean().optional(),
  /** Text sent over a new connection; without it a connection is enough. */
  send: z.string().optional(),
  /** Texts that have to come back, in order. */
  receive: z.array(z.string()).optional(),
});

const httpSchema = z.object({
  disabled: z.boolean().optional(),
  /** Path asked for; `/` by default. */
  path: z.string().optional(),
  requestHeadersToAdd: headerChanges.optional(),
  /** Statuses of a healthy instance; 200 by default. */
  expectedStatuses: z.array(int32).optional(),
});

const grpcSchema = z.object({
  disabled: z.boolean().optional(),
  /** Service asked for in the health check protocol of gRPC. */
  serviceName: z.string().optional(),
  /** `:authority` of the request; the name of the cluster by default. */
  authority: z.string().optional(),
});

const confSchema = z.object({
  /** Between two checks; 1m by default. */
  interval: goDuration.optional(),
  /** For one check; 15s by default. */
  timeout: goDuration.optional(),
  /** Failed checks until an instance is left out; 5 by default. */
  unhealthyThreshold: int32.optional(),
  /** Good checks until it is used again; 1 by default. */
  healthyThreshold: int32.optional(),
  /** Most that the first check waits, by chance. */
  initialJitter: goDuration.optional(),
  /** Most that is added to each interval, by chance. */
  intervalJitter: goDuration.optional(),
  /** The same as a percentage of the interval. */
  intervalJitterPercent: int32.optional(),
  /** Moved to MeshCircuitBreaker. */
  healthyPanicThreshold: intOrDecimal.optional(),
  /** Fails requests below the panic threshold instead of using all instances. */
  failTrafficOnPanic: z.boolean().optional(),
  /** File that Envoy writes what it found to. */
  eventLogPath: z.string().optional(),
  /** Writes every failure, not the first only. */
  alwaysLogHealthCheckFailures: z.boolean().optional(),
  /** Interval while there was no traffic; 1m by default. */
  noTrafficInterval: goDuration.optional(),
  tcp: tcpSchema.optional(),
  http: httpSchema.optional(),
  grpc: grpcSchema.optional(),
  /** Keeps the connection between checks; true by default. */
  reuseConnection: z.boolean().optional(),
});

/** Shape of the spec of a MeshHealthCheck. */
export const meshHealthCheckSchema = z.object({
  /** Proxies whose outbounds it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For outbound traffic, by destination. */
  to: z.array(z.object({ targetRef: targetRefSchema, default: confSchema.prefault({}) })).optional(),
});

export type MeshHealthCheckSpec = z.infer<typeof meshHealthCheckSchema>;
export type HealthCheckConf = z.infer<typeof confSchema>;
export type HttpCheck = z.infer<typeof httpSchema>;
