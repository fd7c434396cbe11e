import { message, protoSchema } from '@mesh/resources';
import { type Selector, selectorsField } from '../sdk/selectors.js';

/** Who may call whom. */
export interface TrafficPermissionSpec {
  /** Callers, by the tags of their dataplanes. */
  readonly sources?: readonly Selector[];
  /** Called inbounds, by their tags. */
  readonly destinations?: readonly Selector[];
}

/** Shape of a TrafficPermission: `kuma.mesh.v1alpha1.TrafficPermission` as protobuf JSON. */
export const trafficPermissionSchema = protoSchema<TrafficPermissionSpec>(
  message<TrafficPermissionSpec>({ sources: selectorsField, destinations: selectorsField }),
);
