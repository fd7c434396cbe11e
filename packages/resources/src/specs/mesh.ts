import type { JsonObject } from '@mesh/core';
import type { MetricsBackend, ProtoDuration, Tags } from './common.js';

export interface CertificateAuthorityBackend {
  readonly name?: string;
  /** `builtin` or `provided`. */
  readonly type?: string;
  readonly dpCert?: {
    /** `expiration` is a Go duration with the unit `d` too ("1d"). */
    readonly rotation?: { readonly expiration?: string };
    readonly requestTimeout?: ProtoDuration;
  };
  readonly conf?: JsonObject;
  /** Absent: STRICT. */
  readonly mode?: 'STRICT' | 'PERMISSIVE';
  readonly rootChain?: { readonly requestTimeout?: ProtoDuration };
}

export interface MeshMtls {
  readonly enabledBackend?: string;
  readonly backends?: readonly CertificateAuthorityBackend[];
  readonly skipValidation?: boolean;
}

export interface TracingBackend {
  readonly name?: string;
  /** Percent. */
  readonly sampling?: number;
  readonly type?: string;
  readonly conf?: JsonObject;
}

export interface LoggingBackend {
  readonly name?: string;
  readonly format?: string;
  readonly type?: string;
  readonly conf?: JsonObject;
}

export interface MeshRouting {
  readonly localityAwareLoadBalancing?: boolean;
  readonly zoneEgress?: boolean;
  readonly defaultForbidMeshExternalServiceAccess?: boolean;
}

export interface MembershipRule {
  readonly tags?: Tags;
}

/** Which Dataplanes may be members of the mesh. */
export interface DataplaneProxyConstraints {
  readonly requirements?: readonly MembershipRule[];
  readonly restrictions?: readonly MembershipRule[];
}

export type MeshServicesMode = 'Disabled' | 'Everywhere' | 'ReachableBackends' | 'Exclusive';

/** An isolated set of services with its own CA. */
export interface MeshSpec {
  readonly mtls?: MeshMtls;
  readonly tracing?: {
    readonly defaultBackend?: string;
    readonly backends?: readonly TracingBackend[];
  };
  readonly logging?: {
    readonly defaultBackend?: string;
    readonly backends?: readonly LoggingBackend[];
  };
  readonly metrics?: {
    readonly enabledBackend?: string;
    readonly backends?: readonly MetricsBackend[];
  };
  readonly networking?: {
    readonly outbound?: { readonly passthrough?: boolean };
  };
  readonly routing?: MeshRouting;
  readonly constraints?: {
    readonly dataplaneProxy?: DataplaneProxyConstraints;
  };
  readonly skipCreatingInitialPolicies?: readonly string[];
  /** Absent: Disabled. */
  readonly meshServices?: { readonly mode?: MeshServicesMode };
}
