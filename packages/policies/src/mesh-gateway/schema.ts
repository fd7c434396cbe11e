import {
  bool,
  bytesValue,
  type DataSource,
  enumOf,
  map,
  message,
  protoSchema,
  repeated,
  type Tags,
  text,
  textValue,
  uint32,
} from '@mesh/resources';
import { type Selector, selectorsField } from '../sdk/selectors.js';

interface ListenerTls {
  readonly mode?: 'NONE' | 'TERMINATE' | 'PASSTHROUGH';
  readonly certificates?: readonly DataSource[];
  readonly options?: Readonly<Record<never, never>>;
}

export interface GatewayListener {
  readonly hostname?: string;
  readonly port?: number;
  readonly protocol?: 'NONE' | 'TCP' | 'TLS' | 'HTTP' | 'HTTPS';
  readonly tls?: ListenerTls;
  /** Tags that policies and routes choose the listener by, beside those of the gateway. */
  readonly tags?: Tags;
  /** Other meshes may call it. */
  readonly crossMesh?: boolean;
  readonly resources?: { readonly connectionLimit?: number };
}

/** Listeners of the builtin gateways that the selectors choose. */
export interface MeshGatewaySpec {
  readonly selectors?: readonly Selector[];
  readonly tags?: Tags;
  readonly conf?: { readonly listeners?: readonly GatewayListener[] };
}

const tags = map(text);
const certificate = message<DataSource>({ secret: textValue, file: textValue, inline: bytesValue, inlineString: textValue });

const protocolName = enumOf('Protocol', ['NONE', 'TCP', 'TLS', 'HTTP', 'HTTPS']);

/** The numbers of the protocols leave one out. */
const protocol: typeof protocolName = {
  ...protocolName,
  read: (value, path) => protocolName.read(typeof value === 'number' && value > 1 ? (value > 2 ? value - 1 : 'UDP') : value, path),
};

const listener = message<GatewayListener>({
  hostname: text,
  port: uint32,
  protocol,
  tls: message<ListenerTls>({
    mode: enumOf('Mode', ['NONE', 'TERMINATE', 'PASSTHROUGH']),
    certificates: repeated(certificate),
    options: message<Readonly<Record<never, never>>>({}),
  }),
  tags,
  crossMesh: bool,
  resources: message<NonNullable<GatewayListener['resources']>>({ connectionLimit: uint32 }),
});

/** Shape of a MeshGateway: `kuma.mesh.v1alpha1.MeshGateway` as protobuf JSON. */
export const meshGatewaySchema = protoSchema<MeshGatewaySpec>(
  message<MeshGatewaySpec>({
    selectors: selectorsField,
    tags,
    conf: message<NonNullable<MeshGatewaySpec['conf']>>({ listeners: repeated(listener) }),
  }),
);
