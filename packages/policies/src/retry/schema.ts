import { duration, enumOf, message, protoSchema, repeated, uint32, uint32Value } from '@mesh/resources';
import type { ConnectionSpec } from '../sdk/connection-policy.js';
import { selectorsField } from '../sdk/selectors.js';

interface BackOff {
  readonly baseInterval?: string;
  readonly maxInterval?: string;
}

interface Common {
  readonly numRetries?: number;
  readonly perTryTimeout?: string;
  readonly backOff?: BackOff;
}

export interface LegacyHttpRetry extends Common {
  readonly retriableStatusCodes?: readonly number[];
  readonly retriableMethods?: readonly string[];
  readonly retryOn?: readonly string[];
}

export interface LegacyGrpcRetry extends Common {
  readonly retryOn?: readonly string[];
}

interface Conf {
  readonly http?: LegacyHttpRetry;
  readonly tcp?: { readonly maxConnectAttempts?: number };
  readonly grpc?: LegacyGrpcRetry;
}

/** What callers of some services try again. */
export interface RetrySpec extends ConnectionSpec {
  readonly conf?: Conf;
}

const method = enumOf('HttpMethod', ['NONE', 'CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

const httpRetryOn = enumOf('HttpRetryOn', [
  'all_5xx',
  'gateway_error',
  'reset',
  'connect_failure',
  'envoy_ratelimited',
  'retriable_4xx',
  'refused_stream',
  'retriable_status_codes',
  'retriable_headers',
  'http3_post_connect_failure',
]);

const grpcRetryOn = enumOf('RetryOn', ['cancelled', 'deadline_exceeded', 'internal', 'resource_exhausted', 'unavailable']);

const backOff = message<BackOff>({ baseInterval: duration, maxInterval: duration });

/** Shape of a Retry: `kuma.mesh.v1alpha1.Retry` as protobuf JSON. */
export const retrySchema = protoSchema<RetrySpec>(
  message<RetrySpec>({
    sources: selectorsField,
    destinations: selectorsField,
    conf: message<Conf>({
      http: message<LegacyHttpRetry>({
        numRetries: uint32Value,
        perTryTimeout: duration,
        backOff,
        retriableStatusCodes: repeated(uint32),
        retriableMethods: repeated<string>(method),
        retryOn: repeated<string>(httpRetryOn),
      }),
      tcp: message<NonNullable<Conf['tcp']>>({ maxConnectAttempts: uint32 }),
      grpc: message<LegacyGrpcRetry>({ retryOn: repeated<string>(grpcRetryOn), numRetries: uint32Value, perTryTimeout: duration, backOff }),
    }),
  }),
);
