import { bool, doubleValue, duration, message, protoSchema, uint32Value } from '@mesh/resources';
import type { ConnectionSpec } from '../sdk/connection-policy.js';
import { selectorsField } from '../sdk/selectors.js';

interface Errors {
  readonly consecutive?: number;
}

export interface CircuitBreakerDetectors {
  readonly totalErrors?: Errors;
  readonly gatewayErrors?: Errors;
  readonly localErrors?: Errors;
  readonly standardDeviation?: { readonly requestVolume?: number; readonly minimumHosts?: number; readonly factor?: number };
  readonly failure?: { readonly requestVolume?: number; readonly minimumHosts?: number; readonly threshold?: number };
}

interface Thresholds {
  readonly maxConnections?: number;
  readonly maxPendingRequests?: number;
  readonly maxRetries?: number;
  readonly maxRequests?: number;
}

interface Conf {
  /** Between two looks at the instances. */
  readonly interval?: string;
  /** How long an instance is left out. */
  readonly baseEjectionTime?: string;
  readonly maxEjectionPercent?: number;
  readonly splitExternalAndLocalErrors?: boolean;
  readonly detectors?: CircuitBreakerDetectors;
  readonly thresholds?: Thresholds;
}

/** When instances of some services are left out by callers. */
export interface CircuitBreakerSpec extends ConnectionSpec {
  readonly conf?: Conf;
}

const errors = message<Errors>({ consecutive: uint32Value });

/** Shape of a CircuitBreaker: `kuma.mesh.v1alpha1.CircuitBreaker` as protobuf JSON. */
export const circuitBreakerSchema = protoSchema<CircuitBreakerSpec>(
  message<CircuitBreakerSpec>({
    sources: selectorsField,
    destinations: selectorsField,
    conf: message<Conf>({
      interval: duration,
      baseEjectionTime: duration,
      maxEjectionPercent: uint32Value,
      splitExternalAndLocalErrors: bool,
      detectors: message<CircuitBreakerDetectors>({
        totalErrors: errors,
        gatewayErrors: errors,
        localErrors: errors,
        standardDeviation: message<NonNullable<CircuitBreakerDetectors['standardDeviation']>>({
          requestVolume: uint32Value,
          minimumHosts: uint32Value,
          factor: doubleValue,
        }),
        failure: message<NonNullable<CircuitBreakerDetectors['failure']>>({
          requestVolume: uint32Value,
          minimumHosts: uint32Value,
          threshold: uint32Value,
        }),
      }),
      thresholds: message<Thresholds>({
        maxConnections: uint32Value,
        maxPendingRequests: uint32Value,
        maxRetries: uint32Value,
        maxRequests: uint32Value,
      }),
    }),
  }),
);
