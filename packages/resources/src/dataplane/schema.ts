import { bool, duration, enumOf, message, protoSchema, repeated, text, uint32, uint32Value } from '../proto-json/index.js';
import type {
  DataplaneGateway,
  DataplaneInbound,
  DataplaneListener,
  DataplaneNetworking,
  DataplaneOutbound,
  DataplaneProbes,
  DataplaneSpec,
  OutboundBackendRef,
  ReachableBackendRef,
  ServiceProbe,
  TransparentProxying,
} from '../specs/index.js';
import { envoyAdminField, metricsBackendField, tagsField } from '../specs/schemas.js';

const serviceProbe = message<ServiceProbe>({
  interval: duration,
  timeout: duration,
  unhealthyThreshold: uint32Value,
  healthyThreshold: uint32Value,
  tcp: message<Record<string, never>>({}),
});

const inbound = message<DataplaneInbound>({
  port: uint32,
  servicePort: uint32,
  serviceAddress: text,
  address: text,
  tags: tagsField,
  health: message<{ ready?: boolean }>({ ready: bool }),
  serviceProbe,
  state: enumOf('kuma.mesh.v1alpha1.Dataplane.Networking.Inbound.State', ['Ready', 'NotReady', 'Ignored']),
  name: text,
  protocol: text,
});

const outbound = message<DataplaneOutbound>({
  address: text,
  port: uint32,
  tags: tagsField,
  backendRef: message<OutboundBackendRef>({ kind: text, name: text, port: uint32, labels: tagsField }),
});

const gateway = message<DataplaneGateway>({
  tags: tagsField,
  type: enumOf('kuma.mesh.v1alpha1.Dataplane.Networking.Gateway.GatewayType', ['DELEGATED', 'BUILTIN']),
});

const transparentProxying = message<TransparentProxying>({
  redirectPortInbound: uint32,
  redirectPortOutbound: uint32,
  directAccessServices: repeated(text),
  reachableServices: repeated(text),
  ipFamilyMode: enumOf('kuma.mesh.v1alpha1.Dataplane.Networking.TransparentProxying.IpFamilyMode', [
    'UnSpecified',
    'DualStack',
    'IPv4',
    'IPv6',
  ]),
  reachableBackends: message<{ refs?: readonly ReachableBackendRef[] }>({
    refs: repeated(message<ReachableBackendRef>({ kind: text, name: text, namespace: text, port: uint32Value, labels: tagsField })),
  }),
});

const listener = message<DataplaneListener>({
  type: enumOf('kuma.mesh.v1alpha1.Dataplane.Networking.Listener.Type', ['Unspecified', 'ZoneIngress', 'ZoneEgress']),
  address: text,
  port: uint32,
  name: text,
  state: enumOf('kuma.mesh.v1alpha1.Dataplane.Networking.Listener.State', ['Ready', 'NotReady']),
});

/** Shape of a Dataplane (contract/wire-protobuf.md, kuma.mesh.v1alpha1.Dataplane). */
export const dataplaneSchema = protoSchema<DataplaneSpec>(
  message<DataplaneSpec>({
    networking: message<DataplaneNetworking>({
      address: text,
      advertisedAddress: text,
      gateway,
      inbound: repeated(inbound),
      outbound: repeated(outbound),
      transparentProxying,
      admin: envoyAdminField,
      listeners: repeated(listener),
    }),
    metrics: metricsBackendField,
    probes: message<DataplaneProbes>({
      port: uint32,
      endpoints: repeated(
        message<{ inboundPort?: number; inboundPath?: string; path?: string }>({ inboundPort: uint32, inboundPath: text, path: text }),
      ),
    }),
  }),
);
