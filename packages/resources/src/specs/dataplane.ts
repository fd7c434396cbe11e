import type { EnvoyAdmin, MetricsBackend, ProtoDuration, Tags } from './common.js';

export type InboundState = 'Ready' | 'NotReady' | 'Ignored';

export interface ServiceProbe {
  readonly interval?: ProtoDuration;
  readonly timeout?: ProtoDuration;
  readonly unhealthyThreshold?: number;
  readonly healthyThreshold?: number;
  readonly tcp?: Readonly<Record<string, never>>;
}

/** One port of the application behind a proxy. */
export interface DataplaneInbound {
  readonly port?: number;
  readonly servicePort?: number;
  readonly serviceAddress?: string;
  readonly address?: string;
  readonly tags?: Tags;
  readonly health?: { readonly ready?: boolean };
  readonly serviceProbe?: ServiceProbe;
  /** Absent: Ready. */
  readonly state?: InboundState;
  readonly name?: string;
  readonly protocol?: string;
}

/** `MeshService`, `MeshExternalService` or `MeshMultiZoneService`. */
export interface OutboundBackendRef {
  readonly kind?: string;
  readonly name?: string;
  readonly port?: number;
  readonly labels?: Tags;
}

/** One local port through which the application reaches a service. */
export interface DataplaneOutbound {
  readonly address?: string;
  readonly port?: number;
  readonly tags?: Tags;
  readonly backendRef?: OutboundBackendRef;
}

export interface DataplaneGateway {
  readonly tags?: Tags;
  /** Absent: DELEGATED. */
  readonly type?: 'DELEGATED' | 'BUILTIN';
}

export interface ReachableBackendRef {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly port?: number;
  readonly labels?: Tags;
}

export interface TransparentProxying {
  readonly redirectPortInbound?: number;
  readonly redirectPortOutbound?: number;
  readonly directAccessServices?: readonly string[];
  readonly reachableServices?: readonly string[];
  readonly ipFamilyMode?: 'UnSpecified' | 'DualStack' | 'IPv4' | 'IPv6';
  readonly reachableBackends?: {
    readonly refs?: readonly ReachableBackendRef[];
  };
}

/** A zone proxy inside a Dataplane. */
export interface DataplaneListener {
  readonly type?: 'Unspecified' | 'ZoneIngress' | 'ZoneEgress';
  readonly address?: string;
  readonly port?: number;
  readonly name?: string;
  /** Absent: Ready. */
  readonly state?: 'Ready' | 'NotReady';
}

export interface DataplaneNetworking {
  readonly address?: string;
  readonly advertisedAddress?: string;
  readonly gateway?: DataplaneGateway;
  readonly inbound?: readonly DataplaneInbound[];
  readonly outbound?: readonly DataplaneOutbound[];
  readonly transparentProxying?: TransparentProxying;
  readonly admin?: EnvoyAdmin;
  readonly listeners?: readonly DataplaneListener[];
}

export interface DataplaneProbes {
  readonly port?: number;
  readonly endpoints?: readonly {
    readonly inboundPort?: number;
    readonly inboundPath?: string;
    readonly path?: string;
  }[];
}

/** A sidecar or gateway. */
export interface DataplaneSpec {
  readonly networking?: DataplaneNetworking;
  readonly metrics?: MetricsBackend;
  readonly probes?: DataplaneProbes;
}
