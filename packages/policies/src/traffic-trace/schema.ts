import { message, protoSchema, text } from '@mesh/resources';
import { type Selector, selectorsField } from '../sdk/selectors.js';

/** Which proxies trace requests. */
export interface TrafficTraceSpec {
  readonly selectors?: readonly Selector[];
  /** A tracing backend of the mesh; its default one where left out. */
  readonly conf?: { readonly backend?: string };
}

/** Shape of a TrafficTrace: `kuma.mesh.v1alpha1.TrafficTrace` as protobuf JSON. */
export const trafficTraceSchema = protoSchema<TrafficTraceSpec>(
  message<TrafficTraceSpec>({ selectors: selectorsField, conf: message<NonNullable<TrafficTraceSpec['conf']>>({ backend: text }) }),
);
