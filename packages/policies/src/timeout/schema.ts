import { duration, message, protoSchema } from '@mesh/resources';
import type { ConnectionSpec } from '../sdk/connection-policy.js';
import { selectorsField } from '../sdk/selectors.js';

interface Http {
  readonly requestTimeout?: string;
  readonly idleTimeout?: string;
  readonly streamIdleTimeout?: string;
  readonly maxStreamDuration?: string;
}

interface Grpc {
  readonly streamIdleTimeout?: string;
  readonly maxStreamDuration?: string;
}

interface Conf {
  readonly connectTimeout?: string;
  readonly tcp?: { readonly idleTimeout?: string };
  readonly http?: Http;
  /** The form before the fields of `http`. */
  readonly grpc?: Grpc;
}

/** How long traffic to some services may take. */
export interface TimeoutSpec extends ConnectionSpec {
  readonly conf?: Conf;
}

/** Shape of a Timeout: `kuma.mesh.v1alpha1.Timeout` as protobuf JSON. */
export const timeoutSchema = protoSchema<TimeoutSpec>(
  message<TimeoutSpec>({
    sources: selectorsField,
    destinations: selectorsField,
    conf: message<Conf>({
      connectTimeout: duration,
      tcp: message<NonNullable<Conf['tcp']>>({ idleTimeout: duration }),
      http: message<Http>({ requestTimeout: duration, idleTimeout: duration, streamIdleTimeout: duration, maxStreamDuration: duration }),
      grpc: message<Grpc>({ streamIdleTimeout: duration, maxStreamDuration: duration }),
    }),
  }),
);
