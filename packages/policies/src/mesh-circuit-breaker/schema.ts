import { z } from 'zod';
import { goDuration, intOrDecimal, uint32 } from '../sdk/fields.js';
import { matchSchema } from '../sdk/inbound-rules.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const consecutive = z.object({
  /** Failures in a row. */
  consecutive: uint32.optional(),
});

const detectorsSchema = z.object({
  /** 5xx responses, and with `splitExternalAndLocalErrors` failures of connections no more. */
  totalFailures: consecutive.optional(),
  /** 502, 503 and 504. */
  gatewayFailures: consecutive.optional(),
  /** Timeouts, resets and refused connections; counted apart with `splitExternalAndLocalErrors` only. */
  localOriginFailures: consecutive.optional(),
  /** Instances whose rate of success is far below that of the others. */
  successRate: z
    .object({ minimumHosts: uint32.optional(), requestVolume: uint32.optional(), standardDeviationFactor: intOrDecimal.optional() })
    .optional(),
  /** Instances above a percentage of failures. */
  failurePercentage: z
    .object({ minimumHosts: uint32.optional(), requestVolume: uint32.optional(), threshold: uint32.optional() })
    .optional(),
});

const outlierSchema = z.object({
  /** Switches off what a weaker policy says. */
  disabled: z.boolean().optional(),
  /** Between two looks; 10s by default. */
  interval: goDuration.optional(),
  /** How long an instance is left out, times how often it was; 30s by default. */
  baseEjectionTime: goDuration.optional(),
  /** Most instances left out at a time; 10 by default. */
  maxEjectionPercent: uint32.optional(),
  /** Counts failures of the connection apart from failures of the application. */
  splitExternalAndLocalErrors: z.boolean().optional(),
  detectors: detectorsSchema.optional(),
  /** Below this percentage of healthy instances all are used. */
  healthyPanicThreshold: intOrDecimal.optional(),
});

const limitsSchema = z.object({
  maxConnections: uint32.optional(),
  maxConnectionPools: uint32.optional(),
  maxPendingRequests: uint32.optional(),
  maxRetries: uint32.optional(),
  maxRequests: uint32.optional(),
});

const confSchema = z.object({
  /** What may be open at a time to the destination. */
  connectionLimits: limitsSchema.optional(),
  /** When an instance is left out for a while. */
  outlierDetection: outlierSchema.optional(),
});

const conf = confSchema.prefault({});

/** Shape of the spec of a MeshCircuitBreaker. */
export const meshCircuitBreakerSchema = z.object({
  /** Proxies it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For outbound traffic, by destination. */
  to: z.array(z.object({ targetRef: targetRefSchema, default: conf })).optional(),
  /** For inbound traffic; the form before `rules`. */
  from: z.array(z.object({ targetRef: targetRefSchema, default: conf })).optional(),
  /** For inbound traffic. */
  rules: z.array(z.object({ matches: z.array(matchSchema).optional(), default: conf })).optional(),
});

export type MeshCircuitBreakerSpec = z.infer<typeof meshCircuitBreakerSchema>;
export type CircuitBreakerConf = z.infer<typeof confSchema>;
export type ConnectionLimits = z.infer<typeof limitsSchema>;
export type OutlierDetectionConf = z.infer<typeof outlierSchema>;
export type Detectors = z.infer<typeof detectorsSchema>;
