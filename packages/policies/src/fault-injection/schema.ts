import { doubleValue, duration, message, protoSchema, textValue, uint32Value } from '@mesh/resources';
import type { ConnectionSpec } from '../sdk/connection-policy.js';
import { selectorsField } from '../sdk/selectors.js';

interface Conf {
  readonly delay?: { readonly percentage?: number; readonly value?: string };
  readonly abort?: { readonly percentage?: number; readonly httpStatus?: number };
  readonly responseBandwidth?: { readonly percentage?: number; readonly limit?: string };
}

/** Faults that some callers of some inbounds get. */
export interface FaultInjectionSpec extends ConnectionSpec {
  readonly conf?: Conf;
}

/** Shape of a FaultInjection: `kuma.mesh.v1alpha1.FaultInjection` as protobuf JSON. */
export const faultInjectionSchema = protoSchema<FaultInjectionSpec>(
  message<FaultInjectionSpec>({
    sources: selectorsField,
    destinations: selectorsField,
    conf: message<Conf>({
      delay: message<NonNullable<Conf['delay']>>({ percentage: doubleValue, value: duration }),
      abort: message<NonNullable<Conf['abort']>>({ percentage: doubleValue, httpStatus: uint32Value }),
      responseBandwidth: message<NonNullable<Conf['responseBandwidth']>>({ percentage: doubleValue, limit: textValue }),
    }),
  }),
);
