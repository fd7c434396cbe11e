import { boolValue, bytesValue, doubleValue, duration, message, protoSchema, repeated, text, uint32, uint32Value } from '@mesh/resources';
import type { ConnectionSpec } from '../sdk/connection-policy.js';
import { selectorsField } from '../sdk/selectors.js';

interface HeaderOption {
  readonly header?: { readonly key?: string; readonly value?: string };
  readonly append?: boolean;
}

export interface HealthCheckHttp {
  readonly path?: string;
  readonly requestHeadersToAdd?: readonly HeaderOption[];
  readonly expectedStatuses?: readonly number[];
}

interface Tcp {
  /** Base64 of what is sent. */
  readonly send?: string;
  /** Base64 of what has to come back. */
  readonly receive?: readonly string[];
}

export interface LegacyHealthCheckConf {
  readonly interval?: string;
  readonly timeout?: string;
  readonly unhealthyThreshold?: number;
  readonly healthyThreshold?: number;
  readonly initialJitter?: string;
  readonly intervalJitter?: string;
  readonly intervalJitterPercent?: number;
  readonly healthyPanicThreshold?: number;
  readonly failTrafficOnPanic?: boolean;
  readonly eventLogPath?: string;
  readonly alwaysLogHealthCheckFailures?: boolean;
  readonly noTrafficInterval?: string;
  readonly tcp?: Tcp;
  readonly http?: HealthCheckHttp;
  readonly reuseConnection?: boolean;
}

/** How callers find out which instances of some services answer. */
export interface HealthCheckSpec extends ConnectionSpec {
  readonly conf?: LegacyHealthCheckConf;
}

/** Shape of a HealthCheck: `kuma.mesh.v1alpha1.HealthCheck` as protobuf JSON. */
export const healthCheckSchema = protoSchema<HealthCheckSpec>(
  message<HealthCheckSpec>({
    sources: selectorsField,
    destinations: selectorsField,
    conf: message<LegacyHealthCheckConf>({
      interval: duration,
      timeout: duration,
      unhealthyThreshold: uint32,
      healthyThreshold: uint32,
      initialJitter: duration,
      intervalJitter: duration,
      intervalJitterPercent: uint32,
      healthyPanicThreshold: doubleValue,
      failTrafficOnPanic: boolValue,
      eventLogPath: text,
      alwaysLogHealthCheckFailures: boolValue,
      noTrafficInterval: duration,
      tcp: message<Tcp>({ send: bytesValue, receive: repeated(bytesValue) }),
      http: message<HealthCheckHttp>({
        path: text,
        requestHeadersToAdd: repeated(
          message<HeaderOption>({
            header: message<NonNullable<HeaderOption['header']>>({ key: text, value: text }),
            append: boolValue,
          }),
        ),
        expectedStatuses: repeated(uint32Value),
      }),
      reuseConnection: boolValue,
    }),
  }),
);
