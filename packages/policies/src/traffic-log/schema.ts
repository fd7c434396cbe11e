import { message, protoSchema, text } from '@mesh/resources';
import type { ConnectionSpec } from '../sdk/connection-policy.js';
import { selectorsField } from '../sdk/selectors.js';

/** Which connections are logged. */
export interface TrafficLogSpec extends ConnectionSpec {
  /** A logging backend of the mesh; its default one where left out. */
  readonly conf?: { readonly backend?: string };
}

/** Shape of a TrafficLog: `kuma.mesh.v1alpha1.TrafficLog` as protobuf JSON. */
export const trafficLogSchema = protoSchema<TrafficLogSpec>(
  message<TrafficLogSpec>({
    sources: selectorsField,
    destinations: selectorsField,
    conf: message<NonNullable<TrafficLogSpec['conf']>>({ backend: text }),
  }),
);
