import type { Clock, ControlPlane, DescriptorRegistry, Logger } from '@mesh/core';
import type { Identity } from './access/identity.js';

/** Who may do one thing: a user by name, or any of the groups. */
export interface AccessList {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** Static access lists (contract/rest-api.md §1, Authorisation). */
export interface StaticAccess {
  readonly adminResources: AccessList;
  /** Writes of everything that holds no secrets. */
  readonly writeResources: AccessList;
  readonly generateDpToken: AccessList;
  readonly generateUserToken: AccessList;
  readonly generateZoneToken: AccessList;
  readonly viewConfigDump: AccessList;
  readonly viewStats: AccessList;
  readonly viewClusters: AccessList;
  readonly controlPlaneMetadata: AccessList;
}

/** What the API reads of `access`. */
export interface AccessSection {
  readonly static: StaticAccess;
  /** Takes writes from callers without a credential, as Kuma does; never of secrets. */
  readonly anonymousWrites: boolean;
}

/** Where a listener binds. */
export interface ListenerConfig {
  readonly enabled: boolean;
  readonly interface: string;
  readonly port: number;
}

/** Whether tokens of one sort are issued. */
interface IssuerSection {
  readonly enableIssuer: boolean;
}

/** What the API reads of `apiServer`; durations in milliseconds. */
export interface ApiSection {
  readonly readOnly: boolean;
  readonly corsAllowedDomains: readonly string[];
  /** Names the API may be asked under; empty: any. */
  readonly allowedHosts: readonly string[];
  /** Requests per second and client; 0: no limit. */
  readonly rateLimit: { readonly anonymousRequestsPerSecond: number; readonly requestsPerSecond: number };
  readonly http: ListenerConfig;
  readonly https: ListenerConfig;
  readonly authn: {
    readonly type: 'tokens' | 'adminClientCerts';
    readonly localhostIsAdmin: boolean;
    readonly tokens: IssuerSection;
  };
  readonly basePath: string;
  readonly gui: { readonly enabled: boolean; readonly rootUrl: string; readonly basePath: string };
  readonly readHeaderTimeout: number;
  readonly readTimeout: number;
  readonly writeTimeout: number;
  readonly idleTimeout: number;
}

/** The parts of the configuration the API reads; `KumaConfig` has this shape. */
export interface ApiConfig {
  readonly apiServer: ApiSection;
  readonly access: AccessSection;
  readonly dpServer: {
    readonly authn: {
      readonly dpProxy: { readonly dpToken: IssuerSection };
      readonly zoneProxy: { readonly zoneToken: IssuerSection };
    };
  };
  readonly dnsServer: { readonly domain: string; readonly serviceVipPort: number };
}

/** Certificate and bounds of the HTTPS listener. PEM texts. */
export interface ApiTls {
  readonly cert: string;
  readonly key: string;
  /** CAs of client certificates. */
  readonly clientCas?: readonly string[];
  readonly requireClientCert?: boolean;
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /** In OpenSSL's terms. */
  readonly ciphers?: string;
}

/** Finds out who a bearer token belongs to. Throws MeshError `unauthenticated` for one that is not good. */
export interface Authenticator {
  authenticate(token: string): Promise<Identity>;
}

/** One answered request, for metrics. */
export interface ObservedRequest {
  readonly method: string;
  /** Route template, or empty where none matched. */
  readonly handler: string;
  readonly code: number;
  readonly seconds: number;
  readonly bytes: number;
}

/** Where the API counts. */
export interface ApiMetrics {
  observe(request: ObservedRequest): void;
  /** Change of the number of requests being answered: 1 or -1. */
  inflight(change: number): void;
  /** Records of the audit that are not kept; the reason is one of few words. */
  auditDropped?(reason: string, count: number): void;
}

/** Everything the API server is made of. */
export interface ApiServerOptions {
  readonly controlPlane: ControlPlane;
  readonly registry: DescriptorRegistry;
  readonly config: ApiConfig;
  readonly authenticator: Authenticator;
  readonly log: Logger;
  readonly metrics: ApiMetrics;
  /** Absent: no HTTPS listener. */
  readonly tls?: ApiTls;
  readonly clock?: Clock;
}

/** Largest request body, in bytes. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** How long an answer to a write waits for the view to have seen it, in milliseconds. */
export const READ_YOUR_WRITES_MS = 2_000;
