import { boolValue, duration, message, protoSchema, repeated, text, uint32, uint32Value } from '@mesh/resources';
import type { ConnectionSpec } from '../sdk/connection-policy.js';
import { selectorsField } from '../sdk/selectors.js';

interface Header {
  readonly key?: string;
  readonly value?: string;
  readonly append?: boolean;
}

interface OnRateLimit {
  readonly status?: number;
  readonly headers?: readonly Header[];
}

interface Http {
  readonly requests?: number;
  readonly interval?: string;
  readonly onRateLimit?: OnRateLimit;
}

/** How many requests some callers may make to some services. */
export interface RateLimitSpec extends ConnectionSpec {
  readonly conf?: { readonly http?: Http };
}

/** Shape of a RateLimit: `kuma.mesh.v1alpha1.RateLimit` as protobuf JSON. */
export const rateLimitSchema = protoSchema<RateLimitSpec>(
  message<RateLimitSpec>({
    sources: selectorsField,
    destinations: selectorsField,
    conf: message<NonNullable<RateLimitSpec['conf']>>({
      http: message<Http>({
        requests: uint32,
        interval: duration,
        onRateLimit: message<OnRateLimit>({
          status: uint32Value,
          headers: repeated(message<Header>({ key: text, value: text, append: boolValue })),
        }),
      }),
    }),
  }),
);
