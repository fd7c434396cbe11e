import { message, protoSchema, repeated, text } from '@mesh/resources';
import { type Selector, selectorsField } from '../sdk/selectors.js';

interface Parameter {
  readonly name?: string;
  /** Tag the parameter stands for; its name where left out. */
  readonly tagKey?: string;
}

interface Conf {
  /** Template of the host name. */
  readonly host?: string;
  /** Template of the port. */
  readonly port?: string;
  readonly parameters?: readonly Parameter[];
}

/** Host names and ports made from the tags of services. */
export interface VirtualOutboundSpec {
  readonly selectors?: readonly Selector[];
  readonly conf?: Conf;
}

/** Shape of a VirtualOutbound: `kuma.mesh.v1alpha1.VirtualOutbound` as protobuf JSON. */
export const virtualOutboundSchema = protoSchema<VirtualOutboundSpec>(
  message<VirtualOutboundSpec>({
    selectors: selectorsField,
    conf: message<Conf>({ host: text, port: text, parameters: repeated(message<Parameter>({ name: text, tagKey: text })) }),
  }),
);
