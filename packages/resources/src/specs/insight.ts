import type { JsonObject } from '@mesh/core';
import type { Timestamp, Uint64 } from './common.js';

/** Counters of one xDS type, or of all together. */
export interface DiscoveryServiceStats {
  readonly responsesSent?: Uint64;
  readonly responsesAcknowledged?: Uint64;
  readonly responsesRejected?: Uint64;
}

export interface DiscoverySubscriptionStatus {
  readonly lastUpdateTime?: Timestamp;
  readonly total?: DiscoveryServiceStats;
  readonly cds?: DiscoveryServiceStats;
  readonly eds?: DiscoveryServiceStats;
  readonly lds?: DiscoveryServiceStats;
  readonly rds?: DiscoveryServiceStats;
}

export interface KumaDpVersion {
  readonly version?: string;
  readonly gitTag?: string;
  readonly gitCommit?: string;
  readonly buildDate?: string;
  readonly kumaCpCompatible?: boolean;
}

export interface EnvoyVersion {
  readonly version?: string;
  readonly build?: string;
  readonly kumaDpCompatible?: boolean;
}

/** Versions of the software of a proxy. */
export interface ProxyVersion {
  readonly kumaDp?: KumaDpVersion;
  readonly envoy?: EnvoyVersion;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** One xDS stream of a proxy. Open while `disconnectTime` is absent. */
export interface DiscoverySubscription {
  readonly id?: string;
  readonly controlPlaneInstanceId?: string;
  readonly connectTime?: Timestamp;
  readonly disconnectTime?: Timestamp;
  readonly status?: DiscoverySubscriptionStatus;
  readonly version?: ProxyVersion;
  readonly generation?: number;
}

/** Certificate state of a proxy. */
export interface DataplaneInsightMtls {
  readonly certificateExpirationTime?: Timestamp;
  readonly lastCertificateRegeneration?: Timestamp;
  readonly certificateRegenerations?: number;
  readonly issuedBackend?: string;
  readonly supportedBackends?: readonly string[];
}

export interface OpenTelemetrySignal {
  readonly enabled?: boolean;
  readonly envAllowed?: boolean;
  readonly envInputPresent?: boolean;
  readonly state?: string;
  readonly overrideKinds?: readonly string[];
  readonly missingFields?: readonly string[];
  readonly blockedReasons?: readonly string[];
}

export interface OpenTelemetryBackendStatus {
  readonly name?: string;
  readonly traces?: OpenTelemetrySignal;
  readonly logs?: OpenTelemetrySignal;
  readonly metrics?: OpenTelemetrySignal;
}

/** State of a sidecar or gateway, kept by the zone. */
export interface DataplaneInsightSpec {
  readonly subscriptions?: readonly DiscoverySubscription[];
  readonly mTLS?: DataplaneInsightMtls;
  /** Envoy node metadata. */
  readonly metadata?: JsonObject;
  readonly openTelemetry?: {
    readonly backends?: readonly OpenTelemetryBackendStatus[];
  };
}

/** State of a zone ingress, kept by its zone. */
export interface ZoneIngressInsightSpec {
  readonly subscriptions?: readonly DiscoverySubscription[];
  readonly metadata?: JsonObject;
}

/** State of a zone egress, kept by its zone. */
export type ZoneEgressInsightSpec = ZoneIngressInsightSpec;

export type ServiceStatus = 'none' | 'offline' | 'partially_degraded' | 'online' | 'not_available';
export type ServiceType = 'internal' | 'external' | 'gateway_delegated' | 'gateway_builtin';

export interface ServiceInsightService {
  readonly status?: ServiceStatus;
  readonly dataplanes?: {
    readonly total?: number;
    readonly online?: number;
    readonly offline?: number;
  };
  readonly issuedBackends?: Readonly<Record<string, number>>;
  readonly serviceType?: ServiceType;
  readonly addressPort?: string;
  readonly zones?: readonly string[];
}

/** State of all services of a mesh, by `kuma.io/service`; one resource `all-services-<mesh>`. */
export interface ServiceInsightSpec {
  readonly services?: Readonly<Record<string, ServiceInsightService>>;
}

export interface DataplaneStat {
  readonly total?: number;
  readonly online?: number;
  readonly offline?: number;
  readonly partiallyDegraded?: number;
}

/** Counters of a mesh; global scope, named like the mesh. */
export interface MeshInsightSpec {
  readonly dataplanes?: DataplaneStat;
  readonly policies?: Readonly<Record<string, { readonly total?: number }>>;
  readonly dpVersions?: {
    readonly kumaDp?: Readonly<Record<string, DataplaneStat>>;
    readonly envoy?: Readonly<Record<string, DataplaneStat>>;
  };
  readonly mTLS?: {
    readonly issuedBackends?: Readonly<Record<string, DataplaneStat>>;
    readonly supportedBackends?: Readonly<Record<string, DataplaneStat>>;
  };
  readonly services?: {
    readonly total?: number;
    readonly internal?: number;
    readonly external?: number;
  };
  readonly dataplanesByType?: {
    readonly standard?: DataplaneStat;
    readonly gateway?: DataplaneStat;
    readonly gatewayBuiltin?: DataplaneStat;
    readonly gatewayDelegated?: DataplaneStat;
  };
  readonly resources?: Readonly<Record<string, { readonly total?: number }>>;
}
